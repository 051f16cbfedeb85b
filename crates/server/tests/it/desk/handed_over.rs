//! Mails that a mail server hands over, by its pipe.

use std::path::Path;

use encke_rig::MailServer;
use serde_json::json;

use super::incoming::{from, texts};
use crate::harness::{Site, encke, eventually};
use crate::mail::{mails, site_of};

#[test]
fn the_pipe_of_a_mail_server_hands_mails_in() {
    let site = Site::shared();
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mailbox = format!("/v1/desks/{}/mailbox", desk.id);
    ann.client.send("PUT", &mailbox, &json!({"address": "desk@mail.test"})).is(200);
    let made = ann.client.post(&format!("{mailbox}/token"), &json!({})).is(201).json();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{}\n", made["token"].as_str().unwrap())).unwrap();
    let url = format!("http://{}", site.address());
    let (key, file) = (desk.key(), file.to_str().unwrap().to_owned());
    let deliver = |url: &str, file: &str, mail: &str| {
        let args = ["deliver", "--url", url, "--desk", &key, "--token-file", file];
        encke(&args, None, mail).status.code()
    };
    let mail = from("mei@example.com", "By pipe", "Hello").named("pipe@example.com").text();
    assert_eq!(deliver(&url, &file, &mail), Some(0));
    let found =
        ann.client.get(&format!("/v1/desks/{}/tickets?view=unassigned", desk.id)).is(200).json();
    assert_eq!(found["tickets"].as_array().unwrap().len(), 1);
    assert_eq!(deliver(&url, &file, "no mail"), Some(65), "its sender is told");
    assert_eq!(deliver("http://127.0.0.1:1", &file, &mail), Some(75), "it is to come again");
    let other = ["deliver", "--url", &url, "--desk", "-8wqVODqN6DT2EL7", "--token-file", &file];
    assert_eq!(encke(&other, None, &mail).status.code(), Some(67), "nobody is there");
    std::fs::write(folder.path().join("wrong"), "emt_wrong").unwrap();
    let wrong = folder.path().join("wrong");
    assert_eq!(deliver(&url, wrong.to_str().unwrap(), &mail), Some(75));
    assert_eq!(deliver(&url, "/nowhere", &mail), Some(75));
}

#[test]
fn a_real_mail_server_takes_mails_in_and_answers_out_and_both_are_one_thread() {
    let server = MailServer::start();
    let site = site_of(&server);
    let mut ann = site.person("ann");
    let desk = ann.desk(&[]);
    let mailbox = format!("/v1/desks/{}/mailbox", desk.id);
    ann.client.send("PUT", &mailbox, &json!({"address": "desk@mail.test"})).is(200);
    let made = ann.client.post(&format!("{mailbox}/token"), &json!({})).is(201).json();
    let (token, url) = (made["token"].as_str().unwrap(), format!("http://{}", site.address()));
    let key = desk.key();
    let program = Path::new(env!("CARGO_BIN_EXE_encke"));
    server.hand_over_to(program, &["deliver", "--url", &url, "--desk", &key, "--token", token]);
    let first = from("Mei <mei@example.com>", "=?gb18030?B?xOO6ww==?=", "Where is it?")
        .named("r1@example.com");
    server.take("mei@example.com", "desk@mail.test", &first.text());
    let list = format!("/v1/desks/{}/tickets?view=unassigned", desk.id);
    let id = eventually(&format!("a ticket: {}", server.log()), || {
        let found = ann.client.get(&list).is(200).json();
        found["tickets"][0]["ticket"]["id"].as_str().map(str::to_owned)
    });
    ann.say(&id, "On its way");
    let answer = mails(&server, "mei@example.com", 1).remove(0);
    assert_eq!(answer.header("in-reply-to"), "<r1@example.com>");
    let reply =
        from("mei@example.com", "Re: =?utf-8?B?5L2g5aW9?=", "Thanks").named("r2@example.com");
    let reply = reply.with("In-Reply-To", answer.header("message-id"));
    server.take("mei@example.com", "desk@mail.test", &reply.text());
    let said = eventually(&format!("the answer: {}", server.log()), || {
        Some(texts(&mut ann, &id)).filter(|texts| texts.len() == 3)
    });
    assert_eq!(said, ["你好\n\nWhere is it?", "On its way", "Thanks"]);
}
