//! The parts of a snapshot.

use std::collections::BTreeMap;

use bytes::Bytes;
use encke_engine::{Error, PersonId};
use encke_store::Read;
use serde::Serialize;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{OpenApi, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::json_object::JsonObject;
use crate::product::Products;
use crate::site::Site;

/// The name of the whole snapshot among the schemas of the API.
const SCHEMA: &str = "Snapshot";

/// The parts that products have added to a snapshot.
#[derive(Default)]
pub struct Snapshot {
    /// The fields of all parts.
    pub fields: JsonObject,
    /// The people that the fields mention, with their JSON if a product has written it.
    pub people: BTreeMap<PersonId, Option<Bytes>>,
}

impl Snapshot {
    /// Adds a field. Its name is one of those that the product describes.
    pub fn add(&mut self, name: &'static str, value: &impl Serialize) {
        self.fields.put(name, value);
    }

    /// Notes that the fields mention these people.
    pub fn mention(&mut self, people: impl IntoIterator<Item = PersonId>) {
        for id in people {
            self.people.entry(id).or_default();
        }
    }

    /// Notes that the fields mention these people, whose JSON is written already.
    pub fn mention_written(&mut self, people: impl IntoIterator<Item = (PersonId, Bytes)>) {
        self.people.extend(people.into_iter().map(|(id, json)| (id, Some(json))));
    }
}

/// Asks every product for its part, in one view.
pub fn take(read: &mut Read<'_>, site: &Site, person: PersonId) -> Result<Snapshot, Error> {
    let mut snapshot = Snapshot::default();
    for part in site.products().iter().filter_map(|p| p.extras().in_snapshot) {
        part.add(read, site, person, &mut snapshot)?;
    }
    Ok(snapshot)
}

/// The schema of a part and the schemas in it.
pub struct Described {
    part: RefOr<Schema>,
    others: Vec<(String, RefOr<Schema>)>,
}

/// Describes a part by a type with the fields that the part adds.
pub fn describe<T: ToSchema + PartialSchema>() -> Described {
    let mut others = Vec::new();
    T::schemas(&mut others);
    Described { part: T::schema(), others }
}

/// Adds the fields of all parts to the description of the snapshot.
pub(crate) fn complete(api: &mut OpenApi, products: Products) {
    let Some(components) = &mut api.components else { return };
    for part in products.iter().filter_map(|p| p.extras().in_snapshot) {
        let Described { part, others } = part.describe();
        components.schemas.extend(others);
        let whole = components.schemas.get_mut(SCHEMA);
        if let (Some(RefOr::T(Schema::Object(whole))), RefOr::T(Schema::Object(part))) =
            (whole, part)
        {
            whole.properties.extend(part.properties);
            whole.required.extend(part.required);
        }
    }
}
