//! A wire between the program and its mail server that breaks, or holds still, after the final dot of one mail: the server
//! has it and has said so, and the program never hears that.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The connection is gone.
    Cut,
    /// Nothing comes any more, and nothing ends.
    Hold,
}

pub struct Wire {
    pub port: u16,
    reached: Arc<(Mutex<bool>, Condvar)>,
}

impl Wire {
    /// A way to the server at `to` that does `what` once, to the mail number `nth` (from 1).
    pub fn start(to: u16, nth: usize, what: After) -> Wire {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let dots = Arc::new(AtomicUsize::new(0));
        let reached: Arc<(Mutex<bool>, Condvar)> = Arc::default();
        let told = Arc::clone(&reached);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { continue };
                let (dots, told) = (Arc::clone(&dots), Arc::clone(&told));
                std::thread::spawn(move || carry(client, server, &dots, nth, what, &told));
            }
        });
        Wire { port, reached }
    }

    /// Waits until the server has answered the mail whose answer is kept back.
    pub fn wait(&self) {
        let (lock, bell) = &*self.reached;
        let waited = bell.wait_timeout_while(lock.lock().unwrap(), Duration::from_secs(60), |reached| !*reached);
        assert!(*waited.unwrap().0, "the mail was never handed over");
    }
}

fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    dots: &Arc<AtomicUsize>,
    nth: usize,
    what: After,
    told: &Arc<(Mutex<bool>, Condvar)>,
) {
    let silent = Arc::new(AtomicBool::new(false));
    let (mut back_from, mut back_to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let (silent_too, told) = (Arc::clone(&silent), Arc::clone(told));
    let back = std::thread::spawn(move || {
        let mut piece = [0u8; 4096];
        while let Ok(n) = back_from.read(&mut piece) {
            if n == 0 {
                break;
            }
            if silent_too.load(Ordering::SeqCst) {
                // The server has answered the dot: what it has, it has.
                *told.0.lock().unwrap() = true;
                told.1.notify_all();
                if what == After::Hold {
                    // Until the program is gone and the other direction ends.
                    return;
                }
                break;
            }
            if back_to.write_all(&piece[..n]).is_err() {
                break;
            }
        }
        let _ = back_to.shutdown(Shutdown::Both);
        let _ = back_from.shutdown(Shutdown::Both);
    });
    let mut last: Vec<u8> = Vec::new();
    let mut piece = [0u8; 4096];
    while let Ok(n) = client.read(&mut piece) {
        if n == 0 {
            break;
        }
        last.extend_from_slice(&piece[..n]);
        if last.ends_with(b"\r\n.\r\n") && dots.fetch_add(1, Ordering::SeqCst) + 1 == nth {
            silent.store(true, Ordering::SeqCst);
        }
        let keep = last.len().saturating_sub(8);
        last.drain(..keep);
        if server.write_all(&piece[..n]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
    let _ = back.join();
}
