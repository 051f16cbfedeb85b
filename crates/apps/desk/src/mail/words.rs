//! The words of mails to visitors and of the pages that their links lead to.

/// The words of one language.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Words {
    is_chinese: bool,
}

impl Words {
    /// The words of a language; English for those that there are none of.
    pub fn of(language: &str) -> Self {
        Words { is_chinese: language == "zh-CN" }
    }

    /// The name of the language, as HTML has it.
    pub fn language(self) -> &'static str {
        self.pick("en", "zh-CN")
    }

    fn pick<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        if self.is_chinese { zh } else { en }
    }

    fn made(self, en: impl FnOnce() -> String, zh: impl FnOnce() -> String) -> String {
        if self.is_chinese { zh() } else { en() }
    }

    pub fn ask_subject(self, desk: &str) -> String {
        self.made(
            || format!("Confirm this address for answers of {desk}"),
            || format!("确认用于接收{desk}回复的邮箱地址"),
        )
    }

    pub fn ask_lead(self, desk: &str, site: &str) -> String {
        self.made(
            || format!("Somebody has left this address at {desk} ({site}) to get the answers to a question here."),
            || format!("有人在{desk}（{site}）留下了此邮箱，希望通过邮件接收问题的回复。"),
        )
    }

    pub fn ask_foot(self) -> &'static str {
        self.pick(
            "If that was not you, do nothing: no answer is sent here before the address is confirmed.",
            "如果这不是你本人的操作，请忽略此邮件；地址确认之前不会向此处发送任何回复。",
        )
    }

    pub fn subject(self, desk: &str, ticket: &str) -> String {
        self.made(
            || format!("Your question to {desk} [{ticket}]"),
            || format!("你向{desk}提出的问题 [{ticket}]"),
        )
    }

    pub fn answers(self, desk: &str) -> String {
        self.made(|| format!("{desk} has answered:"), || format!("{desk}已回复："))
    }

    pub fn transcript(self, desk: &str) -> String {
        self.made(|| format!("Your conversation with {desk}:"), || format!("你与{desk}的对话："))
    }

    pub fn shortened(self) -> &'static str {
        self.pick("Earlier messages are left out.", "更早的消息未包含在内。")
    }

    pub fn files(self, count: usize) -> String {
        self.made(
            || if count == 1 { "1 file".to_owned() } else { format!("{count} files") },
            || format!("{count} 个文件"),
        )
    }

    pub fn open(self) -> &'static str {
        self.pick("Go on with the conversation", "继续对话")
    }

    pub fn foot(self) -> &'static str {
        self.pick(
            "You get this mail because you left this address and confirmed it. Answers to this mail are not read: go on in the browser in which you asked.",
            "你收到此邮件，是因为你留下并确认了此地址。请勿直接回复此邮件，请在提问时使用的浏览器中继续对话。",
        )
    }

    /// Stands above the messages of a mail whose answers are read.
    pub fn above(self) -> &'static str {
        self.pick("Write your answer above this line.", "请在此行上方回复。")
    }

    /// The foot of a mail whose answers are read.
    pub fn foot_read(self) -> &'static str {
        self.pick(
            "You can answer this mail, or go on in the browser in which you asked.",
            "可以直接回复此邮件，也可以在提问时使用的浏览器中继续对话。",
        )
    }

    /// The foot of an answer to a mail.
    pub fn foot_by_mail(self) -> &'static str {
        self.pick("Answer this mail to go on.", "直接回复此邮件即可继续对话。")
    }

    pub fn stop(self) -> &'static str {
        self.pick("Send no more mails", "不再发送邮件")
    }

    pub fn confirm_title(self) -> &'static str {
        self.pick("Get the answers at this address", "通过此邮箱接收回复")
    }

    pub fn confirm(self) -> &'static str {
        self.pick("Confirm the address", "确认地址")
    }

    pub fn confirmed(self) -> &'static str {
        self.pick(
            "The address is confirmed: answers come there while you are away. You may close this page.",
            "地址已确认：你离开期间，回复会发送到该邮箱。可以关闭此页面。",
        )
    }

    pub fn stopped(self) -> &'static str {
        self.pick(
            "No more mails will come, and the address is forgotten. You may close this page.",
            "不会再收到邮件，该地址也已删除。可以关闭此页面。",
        )
    }

    pub fn stale(self) -> &'static str {
        self.pick(
            "This link is used up or too old. Leave your address anew in the window in which you asked.",
            "此链接已使用或已过期，请在提问的窗口中重新填写邮箱。",
        )
    }
}
