//! `encke doctor`: checks of configuration, store and limits, with advice.

use std::path::PathBuf;

use anyhow::{Result, bail};
use encke_site::Products;

use crate::config::options::Options;
use crate::config::space_options::SpaceOptions;

/// With fewer open files than this, a server can hold few connections.
const OPEN_FILES_WANTED: u64 = 4_096;
/// With fewer free bytes than this, the disk is nearly full.
const FREE_BYTES_WANTED: u64 = 512 * 1024 * 1024;

#[derive(clap::Args)]
pub struct Doctor {
    /// Configuration file, TOML
    #[arg(long, env = "ENCKE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
}

/// The result of a check, with advice if there is something to do.
enum Finding {
    Good(String),
    Bad { what: String, todo: String },
}

use Finding::{Bad, Good};

impl Doctor {
    pub fn run(self, products: Products) -> Result<()> {
        let mut findings = Vec::new();
        match self.options.clone().over_file(self.config.as_deref()).and_then(|o| {
            o.check()?;
            Ok(o)
        }) {
            Ok(options) => {
                findings.push(Good("the configuration can be read".into()));
                findings.extend([address(&options), open_files()]);
                for space in options.spaces() {
                    findings.extend([disk(&space), store(products, &space)]);
                }
                findings.extend(tls(&options));
            }
            Err(e) => findings.push(Bad {
                what: format!("{e:#}"),
                todo: "Mend the configuration; `encke serve --help` lists every option.".into(),
            }),
        }
        let mut bad = 0;
        for finding in findings {
            match finding {
                Good(what) => println!("ok    {what}"),
                Bad { what, todo } => {
                    bad += 1;
                    println!("BAD   {what}\n      {todo}");
                }
            }
        }
        if bad > 0 {
            bail!("{bad} of these should be mended");
        }
        Ok(())
    }
}

fn address(options: &Options) -> Finding {
    let address = options.listen();
    let runs = |space: &SpaceOptions| {
        std::os::unix::net::UnixStream::connect(space.data().join("admin.sock")).is_ok()
    };
    if options.spaces().iter().any(runs) {
        return Good("a server is running on this data folder".into());
    }
    match std::net::TcpListener::bind(address) {
        Ok(_) => Good(format!("{address} is free to listen on")),
        Err(e) => Bad {
            what: format!("{address} can't be listened on: {e}"),
            todo: "Choose another address with --listen, or stop what uses it.".into(),
        },
    }
}

fn open_files() -> Finding {
    use rustix::process::{Resource, getrlimit};
    let files = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    if files >= OPEN_FILES_WANTED {
        return Good(format!("{files} files may be open, so about as many connections"));
    }
    Bad {
        what: format!("only {files} files may be open; every connection is one"),
        todo: "Raise the hard limit: `LimitNOFILE=65536` in a systemd unit, or `ulimit -Hn`."
            .into(),
    }
}

fn disk(space: &SpaceOptions) -> Finding {
    let data = space.data();
    let there = data.ancestors().find(|p| p.exists()).unwrap_or(std::path::Path::new("."));
    let free = rustix::fs::statvfs(there).map_or(u64::MAX, |s| s.f_bavail * s.f_frsize);
    let mib = free / (1024 * 1024);
    if free >= FREE_BYTES_WANTED {
        return Good(format!("{mib} MiB are free for {}", data.display()));
    }
    Bad {
        what: format!("only {mib} MiB are free for {}", data.display()),
        todo: "Make room: on a full disk sends are refused until there is some.".into(),
    }
}

fn store(products: Products, space: &SpaceOptions) -> Finding {
    if space.database_url.is_some() {
        return database(products, space);
    }
    let path = space.data().join("space.db");
    if !path.exists() {
        return Good(format!("{} will be made at the first start", path.display()));
    }
    let todo = || {
        "Keep the file, and restore the newest backup: stop the server, put the backup in its \
         place as space.db, remove space.db-wal and space.db-shm."
            .to_owned()
    };
    match encke_store::check_file(&path) {
        Ok(faults) if faults.is_empty() => {
            Good(format!("every page of {} is sound", path.display()))
        }
        Ok(faults) => {
            Bad { what: format!("{}: {}", path.display(), faults.join("; ")), todo: todo() }
        }
        Err(e) => Bad { what: format!("{}: {e}", path.display()), todo: todo() },
    }
}

/// Opens the space as a server would. This also makes its tables.
fn database(products: Products, space: &SpaceOptions) -> Finding {
    let place = space.place();
    match crate::boot::space::open(products, &place) {
        Ok(opened) => Good(format!(
            "the space {} of the database can be used; its log ends at {}",
            space.schema(),
            opened.head.0
        )),
        Err(e) => Bad {
            what: format!("{e:#}"),
            todo:
                "Check --database-url: the server, the name, the password, and that the user may \
                   make a schema."
                    .into(),
        },
    }
}

fn tls(options: &Options) -> Option<Finding> {
    let (cert, key) = (options.tls_cert.as_ref()?, options.tls_key.as_ref()?);
    Some(match crate::wire::tls::acceptor(cert, key) {
        Ok(_) => Good("the certificate and its key go together".into()),
        Err(e) => Bad {
            what: format!("{e:#}"),
            todo: "Give a PEM chain with --tls-cert and its PEM key with --tls-key.".into(),
        },
    })
}
