//! The line that tells the operator how to become the owner of a site without one.

use std::net::SocketAddr;
use std::sync::Arc;

use encke_account as account;
use encke_site::Site;

use crate::config::space_options::SpaceOptions;

/// Makes a set-up code and prints it, if the site has no owner.
///
/// It is printed to the output and not to the log, because logs are kept and sent elsewhere.
pub async fn print(site: &Arc<Site>, options: &SpaceOptions, listen: SocketAddr) {
    match account::new_setup_code(site, false).await {
        Ok(Some(code)) => {
            let page = page(options, listen);
            println!("The site {} has no owner yet. To create it, open", options.name);
            println!("  {page}/#setup={code}");
            println!("or enter the set-up code {code} there.");
        }
        Ok(None) => {}
        Err(e) => tracing::warn!(
            "whether the site {} needs an owner is not known ({e}); `encke setup-code` prints a set-up code",
            options.name
        ),
    }
}

/// The address of the site for a browser, as well as it is known here.
fn page(options: &SpaceOptions, listen: SocketAddr) -> String {
    if let Some(url) = &options.public_url {
        return url.clone();
    }
    match options.hosts().first() {
        Some(host) => format!("http://{host}:{}", listen.port()),
        None if listen.ip().is_unspecified() => format!("http://localhost:{}", listen.port()),
        None => format!("http://{listen}"),
    }
}
