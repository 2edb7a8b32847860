//! `raspc explore --serve` answers everybody, also while somebody else does not read what was asked for.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;

mod support;

/// More pages than the system keeps for who does not read them.
const UNREAD: usize = 80;

/// A server that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts one and gives where it listens.
fn start() -> (Server, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_raspc"));
    command.args(["explore", "sort_unique", "[3,1,4,2]", "--serve"]).stdin(Stdio::null());
    let mut server = Server(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts"));
    let mut stdout = BufReader::new(server.0.stdout.take().expect("piped"));
    let (send, told) = channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = stdout.read_line(&mut line);
        let _ = send.send(line);
    });
    let line = told.recv_timeout(support::PATIENCE).expect("it says where it listens");
    let address = line.strip_prefix("http://").and_then(|l| l.split('/').next()).expect("an address");
    (server, address.to_owned())
}

#[test]
fn who_does_not_read_keeps_nobody_waiting() {
    let (_server, address) = start();
    let request = format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut silent = TcpStream::connect(&address).expect("it listens");
    silent.write_all(request.repeat(UNREAD).as_bytes()).expect("it reads");
    let mut other = TcpStream::connect(&address).expect("it listens");
    other.set_read_timeout(Some(support::PATIENCE)).expect("a limit");
    other.write_all(request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").as_bytes()).expect("it reads");
    let mut page = String::new();
    other.read_to_string(&mut page).expect("the others are answered");
    assert!(page.starts_with("HTTP/1.1 200 ") && page.contains("sort_unique"), "{}", &page[..page.len().min(200)]);
    drop(silent);
}
