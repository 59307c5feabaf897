//! As much of a Redis server as the example asks for: `GET` and `SET` in [RESP](https://redis.io/docs/latest/develop/reference/protocol-spec/)
//! over a real socket, on a port that is free.

use std::collections::HashMap;
use std::io::{self, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

type Values = HashMap<Vec<u8>, Vec<u8>>;

/// Starts the server, which ends with the process, and tells its URL.
pub(crate) fn start() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        let mut values = Values::new();
        for client in listener.incoming().flatten() {
            // A client that goes away is no fault.
            _ = serve(&client, &mut values);
        }
    });
    Ok(format!("redis://{address}/"))
}

fn serve(client: &TcpStream, values: &mut Values) -> io::Result<()> {
    let (mut requests, mut answers) = (BufReader::new(client), client);
    while let Some(command) = command(&mut requests)? {
        answers.write_all(&answer(&command, values))?;
    }
    Ok(())
}

fn answer(command: &[Vec<u8>], values: &mut Values) -> Vec<u8> {
    let words: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
    match &words[..] {
        [b"GET", key] => match values.get(*key) {
            None => b"$-1\r\n".to_vec(),
            Some(value) => {
                let length = format!("${}\r\n", value.len());
                [length.as_bytes(), value, b"\r\n"].concat()
            }
        },
        [b"SET", key, value] => {
            values.insert(key.to_vec(), value.to_vec());
            b"+OK\r\n".to_vec()
        }
        // What a client says of itself.
        [b"CLIENT", ..] => b"+OK\r\n".to_vec(),
        _ => b"-ERR unknown command\r\n".to_vec(),
    }
}

/// Reads a command: an array of texts. Nothing at the end.
fn command(requests: &mut impl io::BufRead) -> io::Result<Option<Vec<Vec<u8>>>> {
    let Some(words) = length(requests, '*')? else {
        return Ok(None);
    };
    let mut command = Vec::new();
    for _ in 0..words {
        let len = length(requests, '$')?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut word = Vec::new();
        let line = len.saturating_add(2);
        requests.by_ref().take(line).read_to_end(&mut word)?;
        word.truncate(word.len().saturating_sub(2));
        command.push(word);
    }
    Ok(Some(command))
}

/// Reads a line that tells how many come behind it.
fn length(requests: &mut impl io::BufRead, kind: char) -> io::Result<Option<u64>> {
    let mut line = String::new();
    if requests.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let length = line.trim_end().strip_prefix(kind).map(str::parse);
    match length {
        Some(Ok(length)) => Ok(Some(length)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}
