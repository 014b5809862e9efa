//! A TCP proxy in front of one service of the emulator, which can take the service away.

use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What happens to connections to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// They work.
    Open,
    /// They are closed at once.
    Closed,
    /// They stay open, and nothing ever comes back.
    Silent,
}

/// A proxy. It ends with the test.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    address: SocketAddr,
    link: watch::Sender<Link>,
}

impl Proxy {
    /// Starts a proxy to this address.
    pub(crate) async fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let (link, watched) = watch::channel(Link::Open);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, to, watched.clone()));
            }
        });
        Self { address, link }
    }

    /// The URL of the service through the proxy.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes what happens to connections, those that are open included.
    pub(crate) fn set(&self, link: Link) {
        self.link.send_replace(link);
    }
}

/// Carries bytes in both directions while the link is open. Then drops the connection, or holds it while the link is silent.
async fn carry(mut near: TcpStream, to: SocketAddr, mut link: watch::Receiver<Link>) {
    if *link.borrow() == Link::Open {
        let Ok(mut far) = TcpStream::connect(to).await else { return };
        let _ = (near.set_nodelay(true), far.set_nodelay(true));
        tokio::select! {
            _ = copy_bidirectional(&mut near, &mut far) => return,
            _ = link.wait_for(|link| *link != Link::Open) => {}
        }
    }
    let _ = link.wait_for(|link| *link != Link::Silent).await;
}
