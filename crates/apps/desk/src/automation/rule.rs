//! Rules of a desk: when something happens, and if conditions hold, then something is done.

use encke_engine::{Code, ConversationId, Error, desk_limits};
use encke_store::{Row, Sql, StoreError, Tx, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::act::{self, Act};
use super::condition::{Condition, Facts, Matching};
use super::happening::Happening;

/// A rule of a desk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeskRule {
    /// Its name for the staff.
    pub name: String,
    /// Whether it does anything.
    pub enabled: bool,
    pub when: Happening,
    /// With `waits`: the seconds for which the visitor waits; otherwise 0.
    #[serde(default)]
    pub after_s: u64,
    /// Whether all conditions have to hold, or one of them.
    #[serde(default)]
    pub matching: Matching,
    /// Without any, the rule always does what it does.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// What it does, in this order.
    pub acts: Vec<Act>,
}

/// The parts of a rule that no query asks for.
#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    matching: Matching,
    conditions: Vec<Condition>,
    acts: Vec<Act>,
}

/// A rule with its number.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct NumberedRule {
    /// Its number.
    pub id: u64,
    #[serde(flatten)]
    pub rule: DeskRule,
}

/// Refuses a name that is none.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    let most = desk_limits::RULE_TEXT_BYTES_MAX;
    if name.trim().is_empty() || name.len() > most || name.chars().any(char::is_control) {
        let what = format!("A name is a line of at most {most} bytes.");
        return Err(Error::new(Code::Invalid, what));
    }
    Ok(())
}

impl DeskRule {
    /// Refuses a rule that can't be carried out.
    pub fn check(&self) -> Result<(), Error> {
        let refused = |what: String| Err(Error::new(Code::Invalid, what));
        check_name(&self.name)?;
        act::check(&self.acts)?;
        let most = desk_limits::RULE_CONDITIONS_MAX;
        if self.conditions.len() > most {
            return refused(format!("A rule has at most {most} conditions."));
        }
        self.conditions.iter().try_for_each(Condition::check)?;
        if !self.when.has_text() && self.conditions.iter().any(Condition::needs_text) {
            return refused("Only `asked`, `wrote` and `answered` come with a text.".into());
        }
        let most = desk_limits::RULE_AFTER_S_MAX;
        let is_wait = self.when == Happening::Waits;
        if is_wait != (self.after_s > 0) || self.after_s > most {
            return refused(format!("`after_s` goes with `waits`, and is 1 to {most}."));
        }
        Ok(())
    }

    /// Whether its conditions hold together.
    pub fn holds(&self, facts: &Facts) -> bool {
        let holds: Vec<bool> = self.conditions.iter().map(|one| one.holds(facts)).collect();
        self.matching.holds(&holds)
    }

    fn kept(&self) -> String {
        let DeskRule { name, matching, conditions, acts, .. } = self.clone();
        let kept = Kept { name, matching, conditions, acts };
        serde_json::to_string(&kept).expect("a rule is plain data")
    }
}

impl NumberedRule {
    const COLUMNS: &'static str = "r.number, r.enabled, r.happening, r.after_ms, r.body";

    fn of(row: &Row) -> Result<Self, StoreError> {
        let kept: Kept = serde_json::from_str(&row.get::<String>(4)?)
            .map_err(|_| StoreError::Damaged("a rule of a desk is damaged".into()))?;
        let rule = DeskRule {
            name: kept.name,
            enabled: row.get(1)?,
            when: Happening::of(&row.get::<String>(2)?),
            after_s: row.get::<u64>(3)? / 1_000,
            matching: kept.matching,
            conditions: kept.conditions,
            acts: kept.acts,
        };
        Ok(NumberedRule { id: row.get(0)?, rule })
    }
}

/// The rules of a desk in their order.
pub(crate) fn all(
    sql: &mut impl Sql,
    house: ConversationId,
) -> Result<Vec<NumberedRule>, StoreError> {
    let query = format!(
        "SELECT {} FROM desk_rule r WHERE r.house = ?1 ORDER BY r.place, r.number LIMIT ?2",
        NumberedRule::COLUMNS
    );
    let rows = sql.query(&query, params![house, desk_limits::RULES_MAX as u64])?;
    rows.iter().map(NumberedRule::of).collect()
}

/// The rules of a desk that wait for this, in their order.
pub(crate) fn waiting_for(
    sql: &mut impl Sql,
    house: ConversationId,
    happening: Happening,
) -> Result<Vec<NumberedRule>, StoreError> {
    let mut rules = all(sql, house)?;
    rules.retain(|one| one.rule.enabled && one.rule.when == happening);
    Ok(rules)
}

/// The rules of all desks for visitors that wait, with their desks.
pub(crate) fn for_waits(
    sql: &mut impl Sql,
) -> Result<Vec<(ConversationId, NumberedRule)>, StoreError> {
    let query = format!(
        "SELECT {}, r.house FROM desk_rule r WHERE r.enabled = 1 AND r.happening = 'waits'
         ORDER BY r.house, r.place, r.number",
        NumberedRule::COLUMNS
    );
    let rows = sql.query(&query, params![])?;
    rows.iter().map(|row| Ok((row.get(5)?, NumberedRule::of(row)?))).collect()
}

/// One rule of a desk.
pub(crate) fn find(
    sql: &mut impl Sql,
    house: ConversationId,
    number: u64,
) -> Result<Option<NumberedRule>, StoreError> {
    let query = format!(
        "SELECT {} FROM desk_rule r WHERE r.house = ?1 AND r.number = ?2",
        NumberedRule::COLUMNS
    );
    sql.query_one(&query, params![house, number])?.as_ref().map(NumberedRule::of).transpose()
}

/// Stores a new rule behind the others.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    house: ConversationId,
    rule: &DeskRule,
) -> Result<u64, Error> {
    let query = "SELECT count(*), coalesce(max(place), 0) FROM desk_rule WHERE house = ?1";
    let row = tx.query_one(query, params![house])?;
    let (count, last): (u64, u64) =
        row.map_or(Ok((0, 0)), |r| Ok::<_, Error>((r.get(0)?, r.get(1)?)))?;
    if count >= desk_limits::RULES_MAX as u64 {
        let what = format!("There are {} rules, which is the most.", desk_limits::RULES_MAX);
        return Err(Error::new(Code::Conflict, what));
    }
    let row = tx.query_one(
        "INSERT INTO desk_rule (house, place, enabled, happening, after_ms, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING number",
        params![house, last + 1, rule.enabled, rule.when.text(), rule.after_s * 1_000, rule.kept()],
    )?;
    let row = row.ok_or_else(|| StoreError::Other("an insert returned no row".into()))?;
    Ok(row.get(0)?)
}

/// Stores a changed rule.
pub(crate) fn update(tx: &mut Tx<'_>, number: u64, rule: &DeskRule) -> Result<(), Error> {
    tx.execute(
        "UPDATE desk_rule SET enabled = ?2, happening = ?3, after_ms = ?4, body = ?5 WHERE number = ?1",
        params![number, rule.enabled, rule.when.text(), rule.after_s * 1_000, rule.kept()],
    )?;
    Ok(())
}
