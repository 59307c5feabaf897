//! Certificates for servers on loopback and their clients, made anew for each test.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};

/// An authority, and what it signed: a server's certificate for `localhost`, and a client's. All in files in the PEM
/// format, in a folder that is removed when this is dropped.
#[derive(Debug)]
pub struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    /// Makes them in a folder of this name.
    ///
    /// # Panics
    ///
    /// When they cannot be made or written.
    pub fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("tickspan-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder can be made");
        let certificates = Self { folder };
        let mut authority = CertificateParams::new(Vec::new()).expect("no names are right");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key can be made");
        let authority =
            CertifiedIssuer::self_signed(authority, key).expect("an authority can be made");
        certificates.write("authority.pem", &authority.pem());
        certificates.sign(&authority, "server", ExtendedKeyUsagePurpose::ServerAuth);
        certificates.sign(&authority, "client", ExtendedKeyUsagePurpose::ClientAuth);
        certificates
    }

    fn sign(
        &self,
        authority: &CertifiedIssuer<'_, KeyPair>,
        name: &str,
        usage: ExtendedKeyUsagePurpose,
    ) {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).expect("the names are right");
        params.extended_key_usages.push(usage);
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params
            .signed_by(&key, authority)
            .expect("the authority can sign");
        self.write(&format!("{name}.pem"), &certificate.pem());
        self.write(&format!("{name}.key"), &key.serialize_pem());
    }

    fn write(&self, name: &str, pem: &str) {
        fs::write(self.folder.join(name), pem).expect("a file can be written");
    }

    /// One of `authority.pem`, `server.pem`, `server.key`, `client.pem`, `client.key`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The same as text, for variables.
    pub fn path(&self, name: &str) -> String {
        self.file(name).display().to_string()
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.file(name)).expect("the file was written")
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Certificates {
    fn drop(&mut self) {
        // What is left in the temporary folder does no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
