//! The list of the products of this server: the one place that names products.

use encke_account::Account;
use encke_channel::Channel;
use encke_chat::Chat;
use encke_desk::Desk;
use encke_digest::Digest;
use encke_files::Files;
use encke_gateway::ClassicPages;
use encke_keep::Keep;
use encke_preview::Preview;
use encke_push::Push;
use encke_site::Products;
use encke_talk::Talk;

/// The products. Each comes after those that it uses.
pub const PRODUCTS: Products = &[
    &Account,
    &Files,
    &Talk,
    &Keep,
    &Chat,
    &Channel,
    &Desk,
    &Push,
    &Preview,
    &Digest,
    &ClassicPages,
];
