//! The words of mails and of the pages that their links lead to.

/// The languages of mails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Language {
    #[default]
    En,
    ZhCn,
}

impl Language {
    /// The language with this name; English for those that there is none of.
    pub fn of(name: &str) -> Self {
        match name {
            "zh-CN" => Language::ZhCn,
            _ => Language::En,
        }
    }

    /// The name, as HTML has it.
    pub fn name(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::ZhCn => "zh-CN",
        }
    }

    fn pick(self, en: String, zh: String) -> String {
        match self {
            Language::En => en,
            Language::ZhCn => zh,
        }
    }

    pub fn ask_subject(self, site: &str) -> String {
        self.pick(format!("Confirm this address for {site}"), format!("确认用于 {site} 的邮箱地址"))
    }

    pub fn ask_lead(self, site: &str, person: &str) -> String {
        self.pick(
            format!(
                "{person} wants to be told at this address of messages that were missed on {site}."
            ),
            format!("{person} 希望通过此邮箱接收在 {site} 上错过的消息。"),
        )
    }

    pub fn ask_link(self) -> String {
        self.pick("Confirm the address".into(), "确认地址".into())
    }

    pub fn ask_foot(self) -> String {
        self.pick(
            "If that was not you, do nothing: no further mail comes.".into(),
            "如果这不是你本人的操作，请忽略此邮件，你不会再收到邮件。".into(),
        )
    }

    pub fn digest_subject(self, site: &str, count: usize) -> String {
        let en = match count {
            1 => format!("A message on {site}"),
            _ => format!("{count} messages on {site}"),
        };
        self.pick(en, format!("{site} 上有 {count} 条未读消息"))
    }

    /// The heading of a conversation without a title.
    pub fn direct(self, name: &str) -> String {
        self.pick(format!("Direct messages from {name}"), format!("来自 {name} 的私聊"))
    }

    pub fn open(self) -> String {
        self.pick("Open the conversation".into(), "打开会话".into())
    }

    pub fn more(self, count: usize) -> String {
        let en = match count {
            1 => "and one more message before it".to_owned(),
            _ => format!("and {count} more messages before it"),
        };
        self.pick(en, format!("此前还有 {count} 条消息"))
    }

    pub fn files(self, count: usize) -> String {
        let en = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
        self.pick(en, format!("{count} 个文件"))
    }

    pub fn foot(self, site: &str) -> String {
        self.pick(
            format!(
                "You get this mail because you asked {site} to tell you of messages that you miss."
            ),
            format!("你收到此邮件，是因为你在 {site} 上开启了未读消息邮件提醒。"),
        )
    }

    pub fn unsubscribe(self) -> String {
        self.pick("Send no more mails".into(), "不再发送邮件".into())
    }

    pub fn confirm_title(self) -> String {
        self.pick("Confirm your e-mail address".into(), "确认邮箱地址".into())
    }

    pub fn confirmed(self) -> String {
        self.pick(
            "The address is confirmed. You may close this page.".into(),
            "地址已确认，可以关闭此页面。".into(),
        )
    }

    pub fn unsubscribed(self) -> String {
        self.pick(
            "No more mails will come. You may close this page.".into(),
            "不会再收到邮件，可以关闭此页面。".into(),
        )
    }

    pub fn stale(self) -> String {
        self.pick(
            "This link is used up or too old. Ask for a new one in the notifications of your account.".into(),
            "此链接已使用或已过期，请在账号的通知设置中重新获取。".into(),
        )
    }
}
