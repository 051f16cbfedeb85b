//! Pages whose claims must match the session.

use serde_json::json;

use super::room::{add, enter, list, said};
use super::{Page, start, wait_for};
use crate::harness::{Auth, Person, Site};

fn site() -> Site {
    Site::on(start(&["--classic"]))
}

fn number(person: &Person) -> &str {
    person.id.strip_prefix('p').unwrap()
}

/// The page of somebody who signed in over the API.
fn page(site: &Site, person: &Person) -> Page {
    let Auth::Cookie(session) = site.sign_in(&person.name).auth else { panic!("a cookie") };
    Page::with(&site.server, &format!("encke_session={session}"))
}

fn add_person(site: &Site, name: &str) -> Page {
    let body = json!({"name": name, "password": crate::harness::PASSWORD});
    site.owner().post("/v1/people", &body).is(201);
    let Auth::Cookie(session) = site.sign_in(name).auth else { panic!("a cookie") };
    Page::with(&site.server, &format!("encke_session={session}"))
}

fn send<'a>(from: &'a str, to: &'a str) -> [(&'a str, &'a str); 3] {
    [("message", "hi"), ("reciver_uid", to), ("sender_uid", from)]
}

fn poll<'a>(to: &'a str, from: &'a str) -> [(&'a str, &'a str); 4] {
    [("request_type", "get_message"), ("reciver_uid", to), ("sender_uid", from), ("send_data", "")]
}

#[test]
fn web_im_reads_and_writes_only_as_oneself() {
    let site = site();
    let (mei, tom, eve) = (site.person("mei"), site.person("tom"), site.person("eve"));
    let [m, t, e] = [&mei, &tom, &eve].map(|p| page(&site, p));
    let nobody = Page::of(&site.server);
    let (mei, tom, eve) = (number(&mei), number(&tom), number(&eve));
    nobody.post("/webim/SendMessage.php", &send(mei, tom)).is(401);
    nobody.post("/webim/GetMessage.php", &poll(tom, mei)).is(401);
    e.post("/webim/SendMessage.php", &send(mei, tom)).is(403);
    e.post("/webim/GetMessage.php", &poll(tom, mei)).is(403);
    let sent = m.post("/webim/SendMessage.php", &send(mei, tom)).is(200).json();
    let id = sent["info"].to_string();
    let mut steal = vec![("request_type", "comfrim_read"), ("reciver_uid", tom)];
    steal.extend([("sender_uid", mei), ("send_data[]", &*id)]);
    e.post("/webim/GetMessage.php", &steal).is(403);
    // As herself she can't confirm their messages.
    let mut own = steal.clone();
    own[1].1 = eve;
    let waits = e.asks("/webim/GetMessage.php", &own);
    wait_for(&site.server, 1);
    let got = t.post("/webim/GetMessage.php", &poll(tom, mei)).is(200).json();
    assert_eq!(got["info"][0]["id"], *id);
    waits.leave();
    // Nobody has that number. The page is told and goes on.
    let answer = m.post("/webim/SendMessage.php", &send(mei, "4294967295")).is(200);
    assert_eq!(answer.text(), r#"{"status":0,"info":""}"#);
}

#[test]
fn an_account_that_is_named_by_a_number_is_that_number() {
    let site = site();
    let (a, b) = (add_person(&site, "1001"), add_person(&site, "1002"));
    let sent = a.post("/webim/SendMessage.php", &send("1001", "1002")).is(200).json();
    assert_eq!(sent["status"], 1);
    a.post("/webim/SendMessage.php", &send("1002", "1001")).is(403);
    let got = b.post("/webim/GetMessage.php", &poll("1002", "1001")).is(200).json();
    assert_eq!(got["info"][0]["content"], "hi");
}

#[test]
fn a_direct_conversation_of_the_web_chat_and_of_a_page_is_one() {
    let site = site();
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let t = page(&site, &tom);
    let waits = t.asks("/webim/GetMessage.php", &poll(number(&tom), number(&mei)));
    wait_for(&site.server, 1);
    let direct = mei.direct(&tom);
    mei.say(&direct, "from the web chat");
    let got = waits.json();
    assert_eq!(got["info"][0]["content"], "from the web chat");
    t.post("/webim/SendMessage.php", &send(number(&tom), number(&mei))).is(200);
    let said = mei.history(&direct);
    assert_eq!(said.last().unwrap()["body"]["text"], "hi");
    // The sender sees messages as read when the page confirms them.
    let seq =
        said.iter().find(|e| e["body"]["text"] == "from the web chat").unwrap()["seq"].clone();
    let id = got["info"][0]["id"].as_str().unwrap();
    let mut pairs = vec![("request_type", "comfrim_read"), ("reciver_uid", number(&tom))];
    pairs.extend([("sender_uid", number(&mei)), ("send_data[]", id)]);
    let waits = t.asks("/webim/GetMessage.php", &pairs);
    crate::harness::eventually("it is read", || {
        (mei.marks(&direct, &tom).1 >= seq.as_u64().unwrap()).then_some(())
    });
    waits.leave();
}

#[test]
fn channels_and_boards_are_for_signed_in_people() {
    let site = site();
    let mut tom = site.person("tom");
    let (t, nobody) = (page(&site, &tom), Page::of(&site.server));
    for path in [
        "/novcomet/comet.php?publish=a",
        "/novcomet/comet.php?subscribed[a]=1",
        "/live/backend.php?msg=x",
        "/live/backend.php",
    ] {
        nobody.get(path).is(401);
    }
    nobody.post("/live/SendMsg", &[("msg", "x")]).is(401);
    let refused = nobody.post("/extchat/comet.php", &[("timestamp", "0")]).is(401).json();
    assert!(refused["timestamp"].is_u64() && refused["msg"] == "");
    t.get("/novcomet/comet.php?publish=a").is(200);
    t.get("/live/backend.php?msg=hello").is(200);
    // They are channels, so signed-in people may follow them over the API, and programs may append.
    let path = "/v1/feed?conversations=none&channels=classic:live,novcomet:a&cursor=";
    let epoch = tom.now().split('.').next().unwrap().to_owned();
    let feed = tom.client.get(&format!("{path}{epoch}.0")).is(200).json();
    let bodies: Vec<_> = feed["events"].as_array().unwrap().iter().map(|e| &e["body"]).collect();
    assert_eq!(bodies, [&json!(true), &json!("hello")]);
    let waits = t.gets("/live/backend.php?timestamp=9999999999999999");
    wait_for(&site.server, 1);
    site.owner().post("/v1/channels/classic:live/events", &json!({"any": "JSON"})).is(201);
    assert_eq!(waits.json()["msg"], "{&quot;any&quot;:&quot;JSON&quot;}");
}

#[test]
fn a_cookie_does_not_make_an_agent() {
    let site = site();
    let agent = add_person(&site, "admin");
    let tom = site.person("user7");
    let as_name = |page: &Page, name: &str| Page {
        address: page.address,
        cookies: [page.cookies.clone(), vec![format!("username={name}")]].concat(),
    };
    let t = page(&site, &tom);
    Page::with(&site.server, "username=admin").get("/kefu/16-kefu-iframe.php").is(401);
    as_name(&t, "admin").get("/kefu/16-kefu-iframe.php").is(403);
    as_name(&t, "admin").get("/kefu/16-kefu-ajax.php").is(403);
    as_name(&t, "somebody").get("/kefu/16-kefu-ajax.php").is(403);
    let question = [("rec", "admin"), ("content", "who am I?")];
    as_name(&t, "user9").post("/kefu/16-kefu-sendmsg.php", &question).is(403);
    let answer = as_name(&t, &tom.name).post("/kefu/16-kefu-sendmsg.php", &question).is(200);
    assert_eq!(answer.text(), "ok");
    let row = as_name(&agent, "admin").gets("/kefu/16-kefu-ajax.php").json();
    assert_eq!((&row["pos"], &row["content"]), (&json!(tom.name), &json!("who am I?")));
}

#[test]
fn a_guests_name_is_its_own_and_never_the_agents() {
    let site = site();
    site.owner().send("PATCH", "/v1/settings", &json!({"guests": true})).is(200);
    let guest = |name: &str| {
        let body = json!({"display_name": name});
        let session = site.server.visitor().post("/v1/guest", &body).is(201).session();
        Page::with(&site.server, &format!("encke_session={session}; username={name}"))
    };
    let (first, second, false_agent) = (guest("user5"), guest("user5"), guest("admin"));
    // Added later than the guest. By now a guest could not take the name.
    add_person(&site, "admin");
    let question = [("rec", "admin"), ("content", "mine")];
    first.post("/kefu/16-kefu-sendmsg.php", &question).is(200);
    second.post("/kefu/16-kefu-sendmsg.php", &question).is(403);
    second.get("/kefu/16-kefu-ajax.php").is(403);
    false_agent.get("/kefu/16-kefu-iframe.php").is(403);
    false_agent.get("/kefu/16-kefu-ajax.php").is(403);
}

#[test]
fn the_rooms_form_makes_guests_if_there_may_be_any() {
    let site = site();
    let nobody = Page::of(&site.server);
    nobody.post("/room/chat.php", &[("username", "mei")]).is(403);
    site.owner().send("PATCH", "/v1/settings", &json!({"guests": true})).is(200);
    let mei = enter(&site.server, "mei");
    add(&mei, "hello");
    let heard = said(list(&mei, 0));
    assert_eq!((&*heard[0].1, &*heard[0].2), ("mei", "hello"));
    // Two of one name are two people.
    add(&enter(&site.server, "mei"), "me too");
    assert_eq!(said(list(&mei, 0)).len(), 2);
    let tom = site.person("tom");
    let t = page(&site, &tom);
    nobody.post("/room/chat.php", &[("username", &tom.name)]).is(403);
    t.post("/room/chat.php", &[("username", "mei")]).is(403);
    t.post("/room/chat.php", &[("username", &tom.name)]).is(200);
}

#[test]
fn the_rooms_form_takes_no_name_that_looks_like_an_accounts() {
    let site = site();
    site.owner().send("PATCH", "/v1/settings", &json!({"guests": true})).is(200);
    let body =
        json!({"name": "tamara", "password": crate::harness::PASSWORD, "display_name": "Tamara K"});
    site.owner().post("/v1/people", &body).is(201);
    let guest = site.server.visitor().post("/v1/guest", &json!({"display_name": "Otto"})).is(201);
    let guest = Page::with(&site.server, &format!("encke_session={}", guest.session()));
    let nobody = Page::of(&site.server);
    let long = format!("Tamara K{}", " ".repeat(200));
    for page in [&guest, &nobody] {
        for name in
            ["tamara", "TAMARA", "Tamara K", " tamara  k ", "T\u{430}mara K", "Tarnara", &long]
        {
            page.post("/room/chat.php", &[("username", name)]).is(403);
        }
        for name in ["Ta\u{200B}mara", "\u{202E}aramaT", "Tamara\u{3164}"] {
            page.post("/room/chat.php", &[("username", name)]).is(422);
        }
        page.post("/room/chat.php", &[("username", "Tamara\n")]).is(422);
        page.post("/room/chat.php", &[("username", "Tanja")]).is(200);
    }
}

#[test]
fn an_account_that_is_made_later_has_its_name_to_itself() {
    let site = site();
    site.owner().send("PATCH", "/v1/settings", &json!({"guests": true})).is(200);
    add_person(&site, "admin");
    let guest = site.server.visitor().post("/v1/guest", &json!({"display_name": "user5"})).is(201);
    let cookies = format!("encke_session={}; username=user5", guest.session());
    let guest = Page::with(&site.server, &cookies);
    let body = json!({"name": "u5", "password": crate::harness::PASSWORD, "display_name": "user5"});
    site.owner().post("/v1/people", &body).is(201);
    guest.post("/kefu/16-kefu-sendmsg.php", &[("rec", "admin"), ("content", "x")]).is(403);
}

#[test]
fn signing_out_ends_waiting_requests() {
    let site = site();
    let tom = site.person("tom");
    let Auth::Cookie(session) = site.sign_in(&tom.name).auth else { panic!("a cookie") };
    let t = Page::with(&site.server, &format!("encke_session={session}; username={}", tom.name));
    let mut spaces = t.gets("/kefu/16-kefu-ajax.php");
    spaces.0.head().expect("a head");
    let waits = [
        t.asks("/webim/GetMessage.php", &poll(number(&tom), "1")),
        t.gets("/live/backend.php"),
        t.gets("/novcomet/comet.php?subscribed[a]=0"),
        t.asks("/room/message.php", &[("lastid", "0")]),
    ];
    wait_for(&site.server, 5);
    crate::harness::Client::new(site.address(), Auth::Cookie(session)).poke("/v1/sign-out").is(204);
    for asked in waits {
        let status = asked.answer().status;
        assert!(matches!(status, 401 | 403), "{status}");
    }
    serde_json::from_slice::<serde_json::Value>(&spaces.0.rest()).expect("a row to the end");
    t.gets("/live/backend.php").answer().is(401);
}

#[test]
fn other_sites_pages_are_refused() {
    let site = site();
    let tom = site.person("tom");
    let t = page(&site, &tom);
    let ask = |path: &str, lines: &[(&str, &str)]| {
        let mut client = site.server.visitor();
        let cookie = t.cookies[0].clone();
        let mut headers = vec![("Cookie", cookie.as_str())];
        headers.extend(lines);
        client.ask("GET", &format!("/classic{path}"), &headers, None).status
    };
    let own = format!("http://{}", site.address());
    let page = format!("{own}/live.html?x#y");
    let changes = ["/live/backend.php?msg=x", "/novcomet/comet.php?publish=a"];
    for path in changes {
        // A script of the site's own, and a program other than a browser.
        assert_eq!(ask(path, &[]), 200);
        assert_eq!(ask(path, &[("Origin", &own)]), 200);
        assert_eq!(ask(path, &[("Referer", &page)]), 200);
        let script = [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")];
        assert_eq!(ask(path, &script), 200);
        let foreign: [&[(&str, &str)]; 10] = [
            &[("Origin", "http://evil.example")],
            &[("Origin", "null")],
            &[("Sec-Fetch-Site", "cross-site")],
            &[("Sec-Fetch-Site", "same-site")],
            &[("Sec-Fetch-Site", "none")],
            &[("Sec-Fetch-Site", "cross-site"), ("Referer", &page)],
            &[("Referer", "http://evil.example/live.html")],
            &[("Referer", "nonsense")],
            // A link, wherever it stands: in a message of this very site, on a page that hides itself.
            &[("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "navigate")],
            &[("Upgrade-Insecure-Requests", "1"), ("Referer", &page)],
        ];
        for lines in foreign {
            assert_eq!(ask(path, lines), 403, "{path} {lines:?}");
        }
    }
    // Reads are refused to other sites, but a browser may navigate to a page's address.
    for (site, status) in [("cross-site", 403), ("same-site", 403), ("same-origin", 200)] {
        let reads = "/live/backend.php?timestamp=0";
        assert_eq!(ask(reads, &[("Sec-Fetch-Site", site)]), status, "{site}");
    }
}

#[test]
fn a_link_takes_no_message_and_the_frame_is_only_for_a_frame() {
    let server = super::trusting();
    let user = Page::with(&server, "username=user5");
    user.post("/kefu/16-kefu-sendmsg.php", &[("rec", "admin"), ("content", "hello")]).is(200);
    let ask = |path: &str, lines: &[(&str, &str)]| {
        let mut headers = vec![("Cookie", "username=admin")];
        headers.extend(lines);
        server.visitor().ask("GET", &format!("/classic/kefu/{path}"), &headers, None)
    };
    let link = [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "navigate")];
    ask("16-kefu-ajax.php", &link).is(403);
    ask("16-kefu-ajax.php", &[("Sec-Fetch-Site", "cross-site")]).is(403);
    let window = [link[0], link[1], ("Sec-Fetch-Dest", "document")];
    ask("16-kefu-iframe.php", &window).is(403);
    let frame = [("Sec-Fetch-Site", "cross-site"), link[1], ("Sec-Fetch-Dest", "iframe")];
    ask("16-kefu-iframe.php", &frame).is(403);
    // A page that opens the frame by itself ends before it calls anybody, because no header tells the server.
    let mut framed = Page::with(&server, "username=admin").gets("/kefu/16-kefu-iframe.php").0;
    let head = framed.head().unwrap();
    let coop = crate::harness::values(&head, "cross-origin-opener-policy").next();
    assert_eq!(coop, Some("same-origin"), "{head}");
    let deadline = std::time::Instant::now() + crate::harness::WAIT;
    let mut lines = Vec::new();
    while !lines.last().is_some_and(|line: &String| line.contains("comet(")) {
        lines.push(String::from_utf8(framed.line(deadline).expect("a line")).unwrap());
    }
    let stops = lines.iter().position(|line| line.contains("parent===self)window.stop()"));
    assert!(stops.is_some_and(|at| at + 1 < lines.len()), "{lines:?}");
}

#[test]
fn sends_over_classic_pages_are_limited() {
    let site = Site::on(start(&["--classic", "--quota-member", "1"]));
    let (mei, tom) = (site.person("mei"), site.person("tom"));
    let (m, t) = (page(&site, &mei), page(&site, &tom));
    fn count(mut send: impl FnMut() -> bool) -> usize {
        (0..1_000).take_while(|_| send()).count()
    }
    // 1 % of a member's quota: 20 messages at once, on any page.
    let taken = count(|| m.get("/live/backend.php?msg=flood").status == 200);
    assert!((20..40).contains(&taken), "{taken}");
    let (from, to) = (number(&mei).to_owned(), number(&tom).to_owned());
    let add = [("msg", "flood")];
    let others = [
        count(|| m.post("/webim/SendMessage.php", &send(&from, &to)).json()["status"] == 1),
        count(|| m.get("/novcomet/comet.php?publish=a").status == 200),
        count(|| m.post("/live/SendMsg", &add).status == 200),
        count(|| m.post("/extchat/comet.php", &add).status == 200),
    ];
    assert!(others.iter().all(|more| *more < 3), "{others:?} more");
    t.get("/live/backend.php?msg=hello").is(200);
}
