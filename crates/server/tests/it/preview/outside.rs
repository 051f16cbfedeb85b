//! A web site outside, with pages that mean well and pages that don't.

use std::io::{BufRead, BufReader, Cursor, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use image::{ImageFormat, RgbImage};

/// A web server on a port of its own. It notes the paths that it was asked for.
#[derive(Clone)]
pub struct Outside {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    /// Where `/away` leads, whatever follows it.
    away: Arc<Mutex<String>>,
}

impl Outside {
    pub fn start() -> Outside {
        Outside::start_at("127.0.0.1:0")
    }

    pub fn start_at(address: &str) -> Outside {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, away) = Default::default();
        let outside = Outside { address, asked, away };
        let serving = outside.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || drop(serving.serve(stream)));
            }
        });
        outside
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == path).count()
    }

    pub fn asked_at_all(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// Lets `/away` and what follows it lead to this address.
    pub fn lead_away(&self, to: &str) {
        to.clone_into(&mut self.away.lock().unwrap());
    }

    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(&stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let path = head.split(' ').nth(1).unwrap().to_owned();
        self.asked.lock().unwrap().push(path.clone());
        let mut to = &stream;
        match path.as_str() {
            "/endless" => {
                begin(to, "text/html")?;
                to.write_all(b"<title>Endless</title>")?;
                loop {
                    to.write_all(&[b'x'; 4_096])?;
                }
            }
            "/slow" => {
                begin(to, "text/html")?;
                loop {
                    to.write_all(b"<title>")?;
                    std::thread::sleep(Duration::from_millis(200));
                }
            }
            "/endless.png" => {
                begin(to, "image/png")?;
                to.write_all(&picture())?;
                loop {
                    to.write_all(&[0; 4_096])?;
                }
            }
            _ => to.write_all(&self.answer(&path)),
        }
    }

    fn answer(&self, path: &str) -> Vec<u8> {
        let redirect = |to: &str| {
            format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
        };
        match path {
            "/picture.png" => whole("image/png", &picture()),
            "/false.png" => whole("image/png", b"<svg onload='alert(1)'/>"),
            "/hop" => redirect("/hop-again"),
            "/hop-again" => redirect("/page"),
            "/loop" => redirect("/loop"),
            _ if path.starts_with("/away") => redirect(&self.away.lock().unwrap()),
            "/missing" => {
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()
            }
            "/text" => whole("text/plain", b"<title>plain</title>"),
            "/untitled" => whole("text/html", b"<p>nothing"),
            "/packed" => {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\
                            Connection: close\r\nContent-Length: 20\r\n\r\n";
                [head.as_bytes(), b"\x1f\x8b\x08<title>packed</t>"].concat()
            }
            "/script" => {
                let page = "<title><script>alert(1)</script>\u{202e}</title>\
                            <meta property=og:image content='/false.png'>";
                whole("text/html", page.as_bytes())
            }
            "/long" => {
                let page = format!("<title>{}</title>", "long ".repeat(2_000_000));
                whole("text/html", page.as_bytes())
            }
            "/gbk" => {
                let page = "<meta charset=gbk><title>\u{0}</title>".as_bytes();
                let at = page.iter().position(|b| *b == 0).unwrap();
                // The two characters of "comet", as GBK has them.
                whole("text/html", &[&page[..at], b"\xe5\xe7\xd0\xc7", &page[at + 1..]].concat())
            }
            "/big-picture" => {
                let page =
                    b"<title>Big picture</title><meta property=og:image content=/endless.png>";
                whole("text/html", page)
            }
            _ => {
                let page = format!(
                    "<!doctype html><title>Plain</title>
                     <meta property='og:title' content='Comet {path}'>
                     <meta name='description' content='It comes back &amp; soonest'>
                     <meta property='og:site_name' content='The Sky'>
                     <meta property='og:image' content='picture.png'>"
                );
                whole("text/html; charset=utf-8", page.as_bytes())
            }
        }
    }
}

fn begin(mut to: &TcpStream, media_type: &str) -> std::io::Result<()> {
    write!(to, "HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nConnection: close\r\n\r\n")
}

fn whole(media_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn picture() -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let wide = RgbImage::from_pixel(1_200, 630, image::Rgb([20, 80, 160]));
    wide.write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}
