//! What the demo's desk has: articles, what it says by itself, what its agents answer with, and a short history.

use serde_json::{Value, json};

/// What somebody has asked the demo's desk.
pub struct Asked {
    pub name: &'static str,
    pub language: &'static str,
    /// The page of the shop: what stands behind its address, and its title.
    pub page: (&'static str, &'static str),
    pub question: &'static str,
    /// What the second person answers.
    pub answer: Option<&'static str>,
    /// The tag and the stars of a ticket that is resolved.
    pub resolved: Option<(&'static str, u8)>,
}

/// The questions, the oldest first.
pub const ASKED: [Asked; 6] = [
    Asked {
        name: "Amara",
        language: "en",
        page: ("/cart", "Your basket"),
        question: "Can I still change the colour of my order?",
        answer: Some("Of course, it has not left the harbour yet. It is the blue one now."),
        resolved: Some(("order", 5)),
    },
    Asked {
        name: "陈晨",
        language: "zh-CN",
        page: ("/bikes/touring-5", "Touring 5"),
        question: "车架尺寸怎么选？我身高 175。",
        answer: Some("175 厘米选 M 号最合适，帮助页里有一张尺寸表。"),
        resolved: Some(("advice", 5)),
    },
    Asked {
        name: "Lukas",
        language: "en",
        page: ("/orders", "Your orders"),
        question: "My parcel has been in the depot for three days.",
        answer: Some("Sorry for the wait! The depot has it on today's van."),
        resolved: Some(("shipping", 3)),
    },
    Asked {
        name: "Ingrid",
        language: "en",
        page: ("/bikes/touring-5", "Touring 5"),
        question: "Do you ship the Touring 5 to Norway?",
        answer: Some("We do! It takes five to seven days."),
        resolved: None,
    },
    Asked {
        name: "王小明",
        language: "zh-CN",
        page: ("/orders", "我的订单"),
        question: "我的订单什么时候发货？",
        answer: None,
        resolved: None,
    },
    Asked {
        name: "Sam",
        language: "en",
        page: ("/bikes/city-3", "City 3"),
        question: "The left pedal squeaks after 200 km. Is that normal?",
        answer: None,
        resolved: None,
    },
];

fn both(en: &str, zh: &str) -> Value {
    json!({"en": en, "zh-CN": zh})
}

/// The articles of the help pages.
pub fn articles() -> [Value; 3] {
    let article =
        |title: Value, text: Value| json!({"title": title, "text": text, "published": true});
    [
        article(
            both("Shipping and delivery", "配送与时效"),
            both(
                "We ship to all of Europe.\n\n- **Two days** within the country\n\
                 - **Five to seven days** to Norway and Switzerland\n\n\
                 A bicycle comes built up: only the pedals and the handlebar are yours to do.",
                "我们向全欧洲发货。\n\n- 国内 **两天**\n- 挪威和瑞士 **五到七天**\n\n\
                 自行车已基本组装好，您只需装上脚踏并转正车把。",
            ),
        ),
        article(
            both("Which size fits me?", "如何选择尺寸？"),
            both(
                "| Your height | Frame |\n| --- | --- |\n| 155 to 168 cm | S |\n\
                 | 168 to 180 cm | M |\n| 180 to 195 cm | L |\n\nBetween two sizes? \
                 Take the smaller one for the city, the larger one for tours.",
                "| 身高 | 车架 |\n| --- | --- |\n| 155–168 厘米 | S |\n| 168–180 厘米 | M |\n\
                 | 180–195 厘米 | L |\n\n介于两个尺寸之间？城市骑行选小一号，长途选大一号。",
            ),
        ),
        article(
            both("Returns within 30 days", "30 天内退货"),
            both(
                "You may send a bicycle back within **30 days**, ridden or not.\n\n\
                 1. Write to us with your order number.\n2. We send a label.\n\
                 3. The money is back in three days.",
                "无论是否骑过，**30 天**内均可退货。\n\n1. 把订单号发给我们。\n\
                 2. 我们寄出退货标签。\n3. 款项三天内退回。",
            ),
        ),
    ]
}

/// The settings of the desk. `article` is the number of the article about shipping.
pub fn settings(article: &Value) -> Value {
    json!({
        "greeting": both("Hello! What can we do for you?", "您好！有什么可以帮您？"),
        "offline": both("We are at sea right now. Leave a line, and we write back.",
            "我们暂时不在，请留言，我们会尽快回复。"),
        "greetings": [{"page": "*", "after_s": 20,
            "text": both("Looking for the right size? Ask away.", "在挑尺寸吗？随时问我们。")}],
        "questions": [
            {"question": both("How long does delivery take?", "多久能送到？"), "article": article},
            {"question": both("Where is your workshop?", "你们的店在哪里？"),
                "answer": both("At pier 4, Tuesday to Saturday, 10 to 18.",
                    "四号码头，周二至周六 10:00–18:00。")}],
    })
}

/// The canned replies that all agents have.
pub fn canned() -> [Value; 3] {
    [
        json!({"shortcut": "hello", "text": "Hello {{visitor}}, this is {{agent}}. I am looking into it."}),
        json!({"shortcut": "你好", "text": "{{visitor}}您好，我是{{agent}}，马上为您查看。"}),
        json!({"shortcut": "order", "text": "Could you give me your order number? It begins with HB."}),
    ]
}

/// A macro: several acts with one key.
pub fn thank_and_resolve() -> Value {
    let thanks = both(
        "Thank you, {{visitor}}! Write here whenever something squeaks.",
        "谢谢您，{{visitor}}！有问题随时联系我们。",
    );
    json!({"name": "Thank and resolve 致谢并解决", "acts": [{"act": "assign"},
        {"act": "answer", "text": thanks}, {"act": "resolve"}]})
}

/// A rule that tags the questions about parcels.
pub fn rule() -> Value {
    let one_of = |word: &str| json!({"of": "text", "is": "contains", "value": word});
    json!({"name": "Questions about parcels 快递问题", "enabled": true, "when": "asked",
        "matching": "any", "conditions": [one_of("ship"), one_of("parcel"), one_of("发货")],
        "acts": [{"act": "tag", "tag": "shipping"}]})
}
