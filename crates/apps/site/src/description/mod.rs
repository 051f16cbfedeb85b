//! The description of the API (OpenAPI): the routes' own descriptions, and the parts that are the same for all.
//!
//! A route names its own answers and refusals. All that follows from its shape is added here, so that attributes stay
//! short and no route forgets a refusal that all of them share.

mod feed;
mod operations;
mod refusals;

pub use refusals::ErrorCode;

use serde_json::Value;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::product::Products;
use crate::snapshot;

/// The descriptions of the routes of all products.
pub fn of_products(products: Products) -> OpenApi {
    let empty = OpenApiRouter::new();
    let mut all = products.iter().fold(empty, |all, product| all.merge(product.routes()));
    let mut api = std::mem::take(all.get_openapi_mut());
    snapshot::complete(&mut api, products);
    api
}

/// The whole description: kinds of events, signals and commands, and the parts that all routes share.
///
/// # Panics
///
/// If a route names a refusal that does not exist, or with another status than its own.
pub fn completed(api: OpenApi, products: Products) -> Value {
    let mut document = serde_json::to_value(api).expect("a description is JSON");
    feed::complete(&mut document, products);
    operations::complete(&mut document);
    widen(&mut document);
    document
}

/// Removes `int64` from whole numbers from zero on: they go up to 2^64 - 1, and the format would promise less.
fn widen(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields.get("format").is_some_and(|f| f == "int64") && fields.contains_key("minimum")
            {
                fields.remove("format");
            }
            fields.values_mut().for_each(widen);
        }
        Value::Array(all) => all.iter_mut().for_each(widen),
        _ => {}
    }
}
