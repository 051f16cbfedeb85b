//! The options of `encke serve` as a reference page and as a configuration file. Both come from the parser.

use clap::{Arg, Args, Command};

use super::{head, wrapped};
use crate::config::options::Options;
use crate::config::space_options::SpaceOptions;

/// An option as a reader sees it.
struct Described {
    flag: String,
    value: String,
    variable: Option<String>,
    /// The table of the configuration file that holds the option; `None` at the top.
    table: Option<String>,
    key: String,
    about: String,
    default: Option<String>,
    /// A value of the option in the notation of the file.
    example: String,
    choices: Vec<(String, String)>,
}

/// All options of a struct. `own` is the name of its own group of options.
fn described<A: Args>(own: &str) -> Vec<Described> {
    let command = A::augment_args(Command::new("serve"));
    let table_of = |arg: &Arg| {
        let group = command.get_groups().find(|g| g.get_args().any(|id| id == arg.get_id()));
        group.map(|g| g.get_id().to_string()).filter(|name| name != own)
    };
    command.get_arguments().map(|arg| describe(arg, table_of(arg))).collect()
}

fn describe(arg: &Arg, table: Option<String>) -> Described {
    let mut about = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let default = note(&mut about, "default");
    let example = note(&mut about, "example");
    let names = arg.get_value_names().unwrap_or_default();
    let value = names.first().map(ToString::to_string).unwrap_or_default();
    let said = example.or(default.clone()).unwrap_or_else(|| "true".to_owned());
    let is_choice = value != "BOOL";
    let choices = arg.get_possible_values().into_iter().filter(|_| is_choice).map(|choice| {
        let about = choice.get_help().map(ToString::to_string).unwrap_or_default();
        (choice.get_name().to_owned(), about)
    });
    Described {
        flag: arg.get_long().unwrap_or_default().to_owned(),
        variable: arg.get_env().map(|name| name.to_string_lossy().into_owned()),
        table,
        key: arg.get_id().as_str().replace('_', "-"),
        about,
        default: default.filter(|text| text != "none"),
        example: notation(&said, &value, arg.get_value_delimiter().is_some()),
        choices: choices.collect(),
        value,
    }
}

/// Cuts `[name: text]` out of a help text and returns the text.
fn note(help: &mut String, name: &str) -> Option<String> {
    let begin = format!("[{name}: ");
    let (before, rest) = help.split_once(&begin)?;
    let (text, after) = rest.split_once(']')?;
    let (text, left) = (text.to_owned(), format!("{}{after}", before.trim_end()));
    *help = left.trim().to_owned();
    Some(text)
}

/// A value in the notation of the configuration file.
fn notation(value: &str, kind: &str, is_list: bool) -> String {
    let quoted = |text: &str| toml::Value::from(text.trim()).to_string();
    if is_list {
        return format!("[{}]", value.split(',').map(quoted).collect::<Vec<_>>().join(", "));
    }
    let is_bare = kind == "BOOL" || value.parse::<u64>().is_ok();
    if is_bare { value.to_owned() } else { quoted(value) }
}

pub fn page() -> String {
    let mut out = head("Options of `encke serve`", "what parses them, `crates/server/src/config`");
    let text = "Each option is a flag, an environment variable and a key of the configuration file (`--config FILE`, TOML). \
        A flag wins over the variable, that over the file. [encke.example.toml](encke.example.toml) has all of them.";
    out += &wrapped(text, "");
    let all = described::<Options>("options");
    for option in &all {
        out += &section(option);
    }
    out += "\n## Several sites\n\n";
    let own: Vec<Described> = described::<SpaceOptions>("space");
    let named = |table: Option<&str>| {
        let keys =
            own.iter().filter(|o| o.table.as_deref() == table).map(|o| format!("`{}`", o.key));
        keys.collect::<Vec<_>>().join(", ")
    };
    let text = format!(
        "A process serves several sites if the file has a `[[space]]` table for each. A table takes {}, and the tables {}.",
        named(None),
        tables(&own).iter().map(|t| format!("`[space.{t}]`")).collect::<Vec<_>>().join(" and "),
    );
    out += &wrapped(&text, "");
    for option in own.iter().filter(|o| !all.iter().any(|other| other.flag == o.flag)) {
        out += &section(option);
    }
    out
}

fn section(option: &Described) -> String {
    let Described { flag, value, variable, table, key, about, default, choices, .. } = option;
    let place = match table {
        Some(table) => format!("key `{key}` in `[{table}]`"),
        None => format!("key `{key}`"),
    };
    let mut out = match variable {
        Some(variable) => format!("\n### `--{flag} {value}`\n\nVariable `{variable}`, {place}"),
        None => format!("\n### `{key}`\n\nOnly a {place} of a `[[space]]` table"),
    };
    if let Some(default) = default {
        out += &format!("; default: {default}");
    }
    out += ".\n\n";
    out += &wrapped(&format!("{about}."), "");
    if !choices.is_empty() {
        out.push('\n');
    }
    for (name, about) in choices {
        out += &format!("- `{name}`: {about}\n");
    }
    out
}

/// The tables that hold these options.
fn tables(options: &[Described]) -> Vec<&str> {
    let mut tables: Vec<&str> = options.iter().filter_map(|o| o.table.as_deref()).collect();
    tables.dedup();
    tables
}

pub fn example() -> String {
    let text = "A configuration of `encke serve --config FILE` with every option. All are commented out: what stands there \
        is the default or, where there is none, an example. Made by `make reference`.";
    let mut out = wrapped(text, "# ");
    let all = described::<Options>("options");
    out += &lines(&all, None);
    for table in tables(&all) {
        out += &format!("\n# [{table}]\n");
        out += &lines(&all, Some(table));
    }
    out += "\n# Several sites in one process: a table for each, with the same keys as above and these.\n# [[space]]\n";
    let own = described::<SpaceOptions>("space");
    let own: Vec<Described> =
        own.into_iter().filter(|o| !all.iter().any(|other| other.flag == o.flag)).collect();
    out + &lines(&own, None)
}

fn lines(options: &[Described], table: Option<&str>) -> String {
    let here = options.iter().filter(|o| o.table.as_deref() == table);
    let line = |o: &Described| {
        format!("\n{}# {} = {}\n", wrapped(&format!("{}.", o.about), "# "), o.key, o.example)
    };
    here.map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of the example that are options once their comment mark is gone, by table.
    fn assignments() -> Vec<String> {
        let (mut table, mut found) = (String::new(), Vec::new());
        for line in example().lines() {
            let Some(line) = line.strip_prefix("# ") else { continue };
            if line.starts_with('[') {
                table = format!("{line}\n");
            } else if line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')) {
                found.push(format!("{table}{line}\n"));
            }
        }
        found
    }

    #[test]
    fn the_server_takes_every_line_of_the_example() {
        let all = assignments();
        assert!(all.len() > 25, "{all:#?}");
        for text in all {
            if let Err(e) = toml::from_str::<Options>(&text) {
                panic!("{text}: {e}");
            }
        }
    }

    #[test]
    fn the_defaults_that_are_told_are_those_that_hold() {
        let options = described::<Options>("options");
        let default = |flag: &str| {
            let option = options.iter().find(|o| o.flag == flag).unwrap();
            option.default.clone().unwrap()
        };
        let held = Options::default();
        assert_eq!(default("listen"), held.listen().to_string());
        let [site] = &held.spaces()[..] else { panic!("one site") };
        assert!(default("data").starts_with(&format!("./{},", site.data().display())));
        assert_eq!(default("space"), site.name);
        let shares = held.quotas.shares();
        for (flag, share) in [
            ("quota-guest", shares.guest),
            ("quota-member", shares.member),
            ("quota-bot", shares.bot),
            ("quota-owner", shares.owner),
        ] {
            assert_eq!(Some(default(flag)), share.map(|percent| percent.to_string()), "{flag}");
        }
    }
}
