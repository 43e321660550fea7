//! A loopback server that says exactly the bytes it is told to, well-formed or not, and remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does on a connection, in order; then it closes.
#[derive(Clone, Debug)]
pub enum Act {
    Say(Vec<u8>),
    /// One byte at a time.
    Drip(Vec<u8>, Duration),
    /// Says it again and again, as fast as it is read.
    Flood(Vec<u8>),
    Stall,
    Reset,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    /// `GET /path?query`.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1")
    }

    pub fn header(&self, name: &str) -> Option<String> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }
}

pub struct Wire {
    pub port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<Mutex<usize>>,
    task: tokio::task::JoinHandle<()>,
}

impl Wire {
    /// Serves until dropped. `answer` says what to do with each request.
    pub async fn start(answer: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static) -> Wire {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let connections: Arc<Mutex<usize>> = Arc::default();
        let answer = Arc::new(answer);
        let (seen_too, connections_too) = (Arc::clone(&seen), Arc::clone(&connections));
        let task = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                *connections_too.lock().unwrap() += 1;
                let (seen, answer) = (Arc::clone(&seen_too), Arc::clone(&answer));
                open.spawn(async move { serve(stream, &seen, &*answer).await });
            }
        });
        Wire { port, seen, connections, task }
    }

    /// The same answer to everything.
    pub async fn saying(acts: Vec<Act>) -> Wire {
        Wire::start(move |_| acts.clone()).await
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Seen>>, answer: &(dyn Fn(&Seen) -> Vec<Act> + Send + Sync)) {
    let Some(request) = read(&mut stream).await else { return };
    seen.lock().unwrap().push(request.clone());
    for act in answer(&request) {
        let went = match act {
            Act::Say(bytes) => stream.write_all(&bytes).await,
            Act::Drip(bytes, pause) => {
                for byte in bytes {
                    if stream.write_all(&[byte]).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(pause).await;
                }
                Ok(())
            }
            Act::Flood(bytes) => loop {
                if let Err(e) = stream.write_all(&bytes).await {
                    break Err(e);
                }
            },
            Act::Stall => std::future::pending().await,
            Act::Reset => {
                // Zero linger: the close is a reset.
                let _ = stream.set_zero_linger();
                return;
            }
        };
        if went.is_err() {
            return;
        }
    }
    let _ = stream.shutdown().await;
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut piece = [0u8; 8192];
    loop {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let body = bytes[end + 4..].to_vec();
            let mut seen = Seen { head, body };
            let length: usize = seen.header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
            while seen.body.len() < length {
                match stream.read(&mut piece).await {
                    Ok(n) if n > 0 => seen.body.extend_from_slice(&piece[..n]),
                    Ok(_) | Err(_) => return None,
                }
            }
            return Some(seen);
        }
        match stream.read(&mut piece).await {
            Ok(n) if n > 0 => bytes.extend_from_slice(&piece[..n]),
            Ok(_) | Err(_) => return None,
        }
    }
}

/// A whole answer, as a server that closes afterwards sends it.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = head(status, headers, Some(body.len()));
    bytes.extend_from_slice(body);
    bytes
}

/// A head; `length` None leaves out Content-Length.
pub fn head(status: u16, headers: &[(&str, &str)], length: Option<usize>) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} X\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(length) = length {
        text.push_str(&format!("Content-Length: {length}\r\n"));
    }
    text.push_str("\r\n");
    text.into_bytes()
}

pub fn json(body: &str) -> Vec<Act> {
    vec![Act::Say(answer(200, &[("Content-Type", "application/json")], body.as_bytes()))]
}

/// Posts JSON to a real server, without the client under test. The status code.
pub async fn post_json(port: u16, path: &str, body: &str) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0))
}
