//! The past of a conversation.

use encke_site::description;
use serde_json::json;

use crate::site::{PRODUCTS, TestSite};

#[tokio::test]
async fn a_page_names_its_authors_even_those_that_have_left() {
    let (site, ada) = TestSite::with_owner().await;
    let mei = site.member(&ada, "mei").await;
    let room = json!({"kind": "room", "title": "Room", "members": [mei.id]});
    let room = site.call(ada.post("/v1/conversations").json(room)).await.body;
    let path = format!("/v1/conversations/{}", room["id"].as_str().unwrap());
    let said = mei.post(&format!("{path}/messages")).json(json!({"text": "I was here"}));
    assert_eq!(site.call(said).await.status, 201);
    let left = mei.delete(&format!("{path}/members/{}", mei.id));
    assert_eq!(site.call(left).await.status, 204);
    let page = site.call(ada.get(&format!("{path}/events"))).await.body;
    let ids: Vec<_> = page["people"].as_array().unwrap().iter().map(|p| &p["id"]).collect();
    assert_eq!(ids, [&json!(ada.id), &json!(mei.id)]);
    assert_eq!(page["events"].as_array().unwrap().len(), 3);
    let refused = site.call(mei.get(&format!("{path}/events"))).await;
    assert_eq!(refused.refusal(), (403, "not_member"));
}

#[test]
fn the_snapshot_is_described_with_the_fields_of_every_product() {
    let api = description::completed(description::of_products(PRODUCTS), PRODUCTS);
    let snapshot = &api["components"]["schemas"]["Snapshot"];
    let mut described: Vec<&String> = snapshot["properties"].as_object().unwrap().keys().collect();
    described.sort_unstable();
    let all = [
        "blocked",
        "conversations",
        "conversations_before",
        "cursor",
        "folders",
        "invitations",
        "invitations_more",
        "me",
        "people",
        "pinned",
        "threads",
        "unread",
    ];
    assert_eq!(described, all);
    assert_eq!(snapshot["required"].as_array().unwrap().len(), described.len());
    let of = &snapshot["properties"]["invitations"]["items"]["$ref"];
    assert_eq!(of, "#/components/schemas/Invitation");
    assert!(api["components"]["schemas"]["Invitation"]["properties"].is_object());
}
