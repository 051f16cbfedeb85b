//! The options of one site. They are declared once for two places: beside the options of the process if it serves one
//! site, and in a `[[space]]` table if it serves several.

/// Declares a struct of options: those in the braces, followed by all options of a site.
///
/// A doc comment is the help of `encke serve --help` and the text of the reference page. The reference page shows
/// `[default: …]` and `[example: …]` apart from the text.
macro_rules! options {
    ($(#[$attribute:meta])* pub struct $name:ident { $($own:tt)* }) => {
        #[derive(clap::Args, Clone, Default, serde::Serialize, serde::Deserialize)]
        $(#[$attribute])*
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
        pub struct $name {
            $($own)*

            /// Folder that holds everything [default: ./encke-data, and ./encke-data/NAME for one of several sites]
            /// [example: /var/lib/encke]
            #[arg(long, env = "ENCKE_DATA", value_name = "FOLDER")]
            #[serde(skip_serializing_if = "Option::is_none")]
            pub data: Option<std::path::PathBuf>,

            /// PostgreSQL database that holds the site instead of a file in the folder, for any number of nodes
            /// [example: postgres://user:password@host/name]
            #[arg(long, env = "ENCKE_DATABASE_URL", hide_env_values = true, value_name = "URL")]
            #[serde(skip_serializing_if = "Option::is_none")]
            pub database_url: Option<String>,

            /// NATS server through which nodes tell each other at once what is new [example: nats://127.0.0.1:4222]
            #[arg(long, env = "ENCKE_NATS_URL", hide_env_values = true, value_name = "URL")]
            #[serde(skip_serializing_if = "Option::is_none")]
            pub nats_url: Option<String>,

            /// Where people reach the site, if a proxy stands before it [example: https://chat.example.com]
            #[arg(long, env = "ENCKE_PUBLIC_URL", value_name = "URL")]
            #[serde(skip_serializing_if = "Option::is_none")]
            pub public_url: Option<String>,

            /// Names under which the site is reached besides that of public-url, separated by commas; addresses in numbers and
            /// localhost need not be listed [example: chat.example.com,www.example.com]
            #[arg(long, env = "ENCKE_HOSTS", value_name = "NAMES", value_delimiter = ',')]
            #[serde(skip_serializing_if = "Option::is_none")]
            pub hosts: Option<Vec<String>>,

            /// Further origins whose pages may use the site, separated by commas
            /// [example: https://www.example.com]
            #[arg(long, env = "ENCKE_ALLOWED_ORIGINS", value_name = "ORIGINS", value_delimiter = ',')]
            #[serde(skip_serializing_if = "Option::is_none")]
            pub allowed_origins: Option<Vec<String>>,

            /// Token that may read /metrics where people come in: `Authorization: Bearer TOKEN` [default: nobody may]
            /// [example: at-least-16-characters]
            #[arg(long, env = "ENCKE_METRICS_TOKEN", hide_env_values = true, value_name = "TOKEN")]
            #[serde(skip_serializing_if = "Option::is_none")]
            pub metrics_token: Option<String>,

            /// Threads that hold the waiting connections [default: one a core] [example: 2]
            #[arg(long, env = "ENCKE_SHARDS", value_name = "NUMBER")]
            #[serde(skip_serializing_if = "Option::is_none")]
            pub shards: Option<usize>,

            /// Files; a table of its own in the file.
            #[command(flatten)]
            #[serde(skip_serializing_if = "encke_files::FileOptions::is_open")]
            pub files: encke_files::FileOptions,

            /// Requests to servers outside; a table of its own in the file.
            #[command(flatten)]
            #[serde(skip_serializing_if = "encke_egress::EgressOptions::is_open")]
            pub egress: encke_egress::EgressOptions,

            /// Notifications; a table of its own in the file.
            #[command(flatten)]
            #[serde(skip_serializing_if = "encke_push::PushOptions::is_open")]
            pub push: encke_push::PushOptions,

            /// Previews of links; a table of its own in the file.
            #[command(flatten)]
            #[serde(skip_serializing_if = "encke_preview::PreviewOptions::is_open")]
            pub preview: encke_preview::PreviewOptions,

            /// Mails; a table of its own in the file.
            #[command(flatten)]
            #[serde(skip_serializing_if = "encke_letter::MailOptions::is_open")]
            pub mail: encke_letter::MailOptions,

            /// Gateways to other protocols; a table of its own in the file.
            #[command(flatten)]
            #[serde(rename = "classic", skip_serializing_if = "encke_gateway::GatewayOptions::is_open")]
            pub gateways: encke_gateway::GatewayOptions,

            /// Quotas; a table of its own in the file.
            #[command(flatten)]
            #[serde(skip_serializing_if = "crate::config::quota_options::Quotas::is_open")]
            pub quotas: crate::config::quota_options::Quotas,
        }
    };
}
