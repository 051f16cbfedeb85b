//! Texts that would run in a page that inserts them: no answer of any protocol carries them as markup.

use serde_json::{Value, json};

use super::kefu::Frame;
use super::room::{add, enter, list, said};
use super::{Asked, Page, TRUST, escaped, start, trusting, wait_for};
use crate::harness::{Auth, PASSWORD, Server, Site, encode};

const HOSTILE: [&str; 6] = [
    "<img src=x onerror=\"alert(1)\">",
    "<script>alert('1')</script>",
    "<svg onload=alert(1)>",
    "<a href=\"javascript:alert(1)\">here</a>",
    "</li><iframe srcdoc=\"&lt;script&gt;alert(1)&lt;/script&gt;\"></iframe>",
    "\" onmouseover='alert(1)' x=\"",
];

fn named(server: &Server, name: &str) -> Page {
    Page::with(server, &format!("username={name}"))
}

fn texts(answer: &Value) -> Vec<String> {
    let all = answer["info"].as_array().unwrap().iter();
    all.map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

/// The answer of each protocol to its page for a text that another page sent.
fn given(server: &Server, text: &str) -> Vec<(&'static str, String)> {
    let (agent, user, page) = (named(server, "admin"), named(server, "user1"), Page::of(server));
    let value = |asked: Asked, name: &str| asked.json()[name].as_str().unwrap().to_owned();
    let mut all = Vec::new();

    let send = [("message", text), ("reciver_uid", "2"), ("sender_uid", "1")];
    let id = page.post("/webim/SendMessage.php", &send).is(200).json()["info"].to_string();
    let mut poll = vec![("request_type", "get_message"), ("reciver_uid", "2"), ("sender_uid", "1")];
    all.push(("web IM", texts(&page.asks("/webim/GetMessage.php", &poll).json()).pop().unwrap()));
    poll[0].1 = "comfrim_read";
    poll.push(("send_data[]", &id));
    page.asks("/webim/GetMessage.php", &poll).leave();

    page.get(&format!("/live/backend.php?msg={}", encode(text))).is(200);
    all.push(("live", value(page.gets("/live/backend.php?timestamp=0"), "msg")));
    let echo = page.post("/live/SendMsg", &[("msg", text)]).is(200).json();
    all.push(("live, echoed", echo["data"]["msg"].as_str().unwrap().to_owned()));

    let question = [("rec", "admin"), ("content", text)];
    user.post("/kefu/16-kefu-sendmsg.php", &question).is(200);
    all.push(("kefu, question", value(agent.gets("/kefu/16-kefu-ajax.php"), "content")));
    user.post("/kefu/16-kefu-sendmsg.php", &question).is(200);
    let mut frame = Frame::open(&agent);
    all.push(("kefu, frame", frame.question()["content"].as_str().unwrap().to_owned()));
    frame.0.leave();
    wait_for(server, 0);
    let answer = [("rec", "user1"), ("content", text)];
    agent.post("/kefu/16-kefu-sendmsg.php", &answer).is(200);
    all.push(("kefu, answer", value(user.gets("/kefu/16-kefu-ajax.php"), "content")));

    let guest = enter(server, text);
    add(&guest, text);
    let (_, name, said) = said(list(&guest, 0)).pop().unwrap();
    all.extend([("room, name", name), ("room, text", said)]);
    all
}

#[test]
fn markup_that_would_run_goes_out_as_text() {
    let server = trusting();
    for text in HOSTILE {
        for (what, shown) in given(&server, text) {
            assert_eq!(shown, escaped(text), "{what}");
        }
    }
}

#[test]
fn nothing_that_runs_is_left_of_an_editors_html() {
    let server = trusting();
    let page = Page::of(&server);
    let shown = [
        "",
        "",
        "",
        "<a rel=\"noopener noreferrer\">here</a>",
        "",
        "\" onmouseover='alert(1)' x=\"",
    ];
    for (html, expected) in HOSTILE.iter().zip(shown) {
        page.post("/extchat/comet.php", &[("msg", &format!("<b>{html}"))]).is(200);
        let msg = page.asks("/extchat/comet.php", &[("timestamp", "0")]).json()["msg"].clone();
        assert_eq!(msg, format!("<b>{expected}</b>"), "{html}");
    }
    // Other readers of the same log get the text as it was written.
    let site = Site::on(server);
    let mut reader = site.person("reader");
    let epoch = reader.now().split('.').next().unwrap().to_owned();
    let path = format!("/v1/feed?conversations=none&channels=classic:extchat&cursor={epoch}.0");
    let feed = reader.client.get(&path).is(200).json();
    assert_eq!(feed["events"][0]["body"], format!("<b>{}", HOSTILE[0]));
    // An event that a program appends is reduced, too, though no page has sent it.
    let body = json!("<u>from</u> <img src=x onerror=alert(1)>a program");
    site.owner().post("/v1/channels/classic:extchat/events", &body).is(201);
    let msg = page.asks("/extchat/comet.php", &[("timestamp", "0")]).json()["msg"].clone();
    assert_eq!(msg, "<u>from</u> a program");
}

#[test]
fn many_texts_of_programs_come_as_html_that_is_safe_over_several_answers() {
    let site = Site::on(trusting());
    let mut owner = site.owner();
    for n in 0..150 {
        let body = json!(format!("<b onclick=alert(1)>{n}</b>"));
        owner.post("/v1/channels/classic:extchat/events", &body).is(201);
    }
    let page = Page::of(&site.server);
    let (mut held, mut shown) = (1, Vec::new());
    while shown.len() < 150 {
        let answer = page.asks("/extchat/comet.php", &[("timestamp", &held.to_string())]).json();
        shown.extend(answer["msg"].as_str().unwrap().split("<br>").map(str::to_owned));
        held = answer["timestamp"].as_u64().unwrap();
    }
    assert_eq!(shown, (0..150).map(|n| format!("<b>{n}</b>")).collect::<Vec<_>>());
}

#[test]
fn pages_that_escape_for_themselves_are_given_texts_as_they_are() {
    let server = start(&[&TRUST[..], &["--classic-html", "raw"]].concat());
    for text in HOSTILE {
        for (what, shown) in given(&server, text) {
            assert_eq!(shown, text, "{what}");
        }
        let page = Page::of(&server);
        page.post("/extchat/comet.php", &[("msg", text)]).is(200);
        let answer = page.asks("/extchat/comet.php", &[("timestamp", "0")]).json();
        assert_eq!(answer["msg"], text);
    }
}

#[test]
fn the_name_of_somebody_from_the_web_chat_is_no_markup_at_the_agents() {
    let site = Site::on(start(&["--classic"]));
    let mut owner = site.owner();
    owner.send("PATCH", "/v1/settings", &json!({"guests": true})).is(200);
    owner.post("/v1/people", &json!({"name": "admin", "password": PASSWORD})).is(201);
    let mut admin = site.sign_in("admin");
    let mut guest = site.server.visitor();
    let entered = guest.post("/v1/guest", &json!({"display_name": HOSTILE[0]})).is(201);
    guest.auth = Auth::Cookie(entered.session());
    let id = entered.json()["id"].clone();
    let direct = json!({"kind": "direct", "person": id});
    let direct = admin.post("/v1/conversations", &direct).is(201).json()["id"].clone();
    let path = format!("/v1/conversations/{}/messages", direct.as_str().unwrap());
    let Auth::Cookie(session) = &admin.auth else { panic!("a cookie") };
    let agent = Page::with(&site.server, &format!("encke_session={session}; username=admin"));
    let mut frame = Frame::open(&agent);
    guest.post(&path, &json!({"text": HOSTILE[1]})).is(201);
    let question = frame.question();
    assert_eq!(question["pos"], escaped(HOSTILE[0]));
    assert_eq!(question["content"], escaped(HOSTILE[1]));
}
