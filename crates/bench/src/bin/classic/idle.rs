//! Many waiting pages. Each polls again when its wait ends.

use std::io::Write;
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use encke_bench::procs::Server;
use encke_bench::stats::{report, round};
use encke_bench::sys::{self, Epoll, Events};
use serde_json::json;

use super::Common;
use super::page::{self, Page, System};

#[derive(clap::Args, Clone)]
pub struct Args {
    #[command(flatten)]
    common: Common,
    /// Pages
    #[arg(long, default_value_t = 10_000)]
    n: usize,
    /// Pages opened at one time; what the server needs for that many requests at once counts too
    #[arg(long, default_value_t = 50)]
    burst: usize,
    /// Seconds over which their CPU is measured; several waits long
    #[arg(long, default_value_t = 120.0)]
    hold: f64,
}

struct Pages {
    all: Vec<(Page, TcpStream)>,
    epoll: Epoll,
    events: Events,
    asked_again: u64,
}

impl Pages {
    fn open(args: &Args, from: usize, count: usize, cookie: &str, before: u64) -> Result<Pages> {
        let (epoll, events) = (Epoll::new()?, Events::with_capacity(1_024));
        let mut pages = Pages { all: Vec::new(), epoll, events, asked_again: 0 };
        let common = &args.common;
        while pages.all.len() < count {
            for _ in 0..args.burst.min(count - pages.all.len()) {
                let number = pages.all.len();
                let page = Page::new(common.system, from + number, cookie);
                let mut stream = TcpStream::connect(common.addr)?;
                stream.write_all(page.poll().as_bytes())?;
                pages.epoll.add(stream.as_raw_fd(), number as u64, libc::EPOLLIN as u32)?;
                pages.all.push((page, stream));
            }
            let patience = Instant::now() + Duration::from_secs(30);
            while page::waiting(common.addr)? < before + pages.all.len() as u64 {
                ensure!(Instant::now() < patience, "some pages do not wait");
                pages.turn(50)?;
            }
        }
        Ok(pages)
    }

    /// Reads what came. An answer without a message makes the page poll again; a space is a heartbeat.
    fn turn(&mut self, wait_ms: i32) -> Result<()> {
        self.epoll.wait(&mut self.events, wait_ms)?;
        for i in 0..self.events.len() {
            let (page, stream) = &mut self.all[self.events.get(i).token as usize];
            let mut chunk = [0; 16 * 1024];
            let n = sys::read(stream.as_raw_fd(), &mut chunk)?;
            ensure!(n > 0, "a page's connection ended");
            let is_answer =
                !matches!(page.system, System::KefuAgent | System::KefuCustomer | System::Extchat);
            if is_answer {
                stream.write_all(page.poll().as_bytes())?;
                self.asked_again += 1;
            }
        }
        Ok(())
    }

    fn rest(&mut self, seconds: f64) -> Result<()> {
        let end = Instant::now() + Duration::from_secs_f64(seconds);
        while Instant::now() < end {
            self.turn(50)?;
        }
        Ok(())
    }
}

pub fn run(args: &Args) -> Result<()> {
    sys::raise_nofile(args.n as u64 + 1_000);
    let common = &args.common;
    let server: Server = common.start()?;
    let cookie = match common.system {
        System::Room => page::enter(common.addr, "one+of+many")?,
        _ => String::new(),
    };
    // A few pages come first, so that lazy start-up work is not counted and the people exist before the measurement.
    let warm = Pages::open(args, args.n, 100, &cookie, 0)?;
    drop(warm);
    while page::waiting(common.addr)? > 0 {
        sleep(Duration::from_millis(20));
    }
    sleep(Duration::from_secs(1));
    let before = server.memory();
    let connecting = server.cpu_ns();
    let mut pages = Pages::open(args, 0, args.n, &cookie, 0)?;
    let connected = server.cpu_ns();
    pages.rest(2.0)?;
    let after = server.memory();
    let (cpu, asked) = (server.cpu_ns(), pages.asked_again);
    pages.rest(args.hold)?;
    let cpu = (server.cpu_ns() - cpu) as f64 / 1e9;
    let n = args.n as f64;
    let each = |after: u64, before: u64| round((after as f64 - before as f64) / n, 0);
    let fields = json!({
        "n": args.n,
        "pss_per_page": each(after.pss, before.pss),
        "connect_cpu_us": round((connected - connecting) as f64 / 1e3 / n, 1),
        "cpu_s_per_page_and_min": round(cpu / n * 60.0 / args.hold, 6),
        "polls_per_page_and_min": round((pages.asked_again - asked) as f64 / n * 60.0 / args.hold, 2),
        "pss_base_mib": round(before.pss as f64 / 1_048_576.0, 1),
    });
    report("idle", common.system.name(), fields);
    Ok(())
}
