//! The store in a process of its own, which can be killed.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use presign_store::{Continuation, ListRequest, PutError, Retention, Store, StoreError, StoreOptions};
use serde::{Deserialize, Serialize};

use crate::operation::{Answer, Listing, Operation, new_object};
use crate::reference::{access_key_row, access_key_text, bucket_row, digest};

/// Set in the process that holds the store: the data directory.
const DIRECTORY: &str = "PRESIGN_STORE_MODEL_DIRECTORY";
/// What begins a line that is ours; the test runner prints lines too.
const MARK: &str = "answer ";

/// A line to the process.
#[derive(Debug, Serialize, Deserialize)]
enum Ask {
    Do(Operation),
    AtOnce(Vec<Operation>),
    Reopen,
    Everything,
    CollectOrphans,
}

/// A line from it.
#[derive(Debug, Serialize, Deserialize)]
enum Told {
    Answer(Answer),
    /// To the operation of this place among those that began at once.
    AnswerOf(usize, Answer),
    Begun,
    Everything(Vec<String>),
    /// Blobs that are left when those without a row are gone.
    Blobs(u64),
}

/// The process, as seen from outside.
pub(crate) struct Process {
    child: Child,
    asks: ChildStdin,
    lines: BufReader<ChildStdout>,
}

impl Process {
    /// Starts a process that opens the store in `directory`. `test` is the test that calls [`serve`] first of all.
    pub(crate) fn start(directory: &Path, test: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(DIRECTORY, directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (asks, lines) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, asks, lines }
    }

    pub(crate) fn apply(&mut self, operation: &Operation) -> Answer {
        match self.ask(&Ask::Do(operation.clone())) {
            Told::Answer(answer) => answer,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn reopen(&mut self) {
        assert!(matches!(self.ask(&Ask::Reopen), Told::Begun));
    }

    pub(crate) fn everything(&mut self) -> Vec<String> {
        match self.ask(&Ask::Everything) {
            Told::Everything(lines) => lines,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn collect_orphans(&mut self) -> u64 {
        match self.ask(&Ask::CollectOrphans) {
            Told::Blobs(left) => left,
            other => panic!("{other:?}"),
        }
    }

    /// Begins operations at once, kills the process when `answered` of them are answered, and gives the answers: at
    /// least so many, for what was printed before the kill is still in the pipe after it.
    pub(crate) fn kill_amid(mut self, operations: &[Operation], answered: usize) -> Vec<Option<Answer>> {
        let mut answers = vec![None; operations.len()];
        assert!(matches!(self.ask(&Ask::AtOnce(operations.to_vec())), Told::Begun));
        let mut seen = 0;
        loop {
            if seen == answered {
                self.child.kill().unwrap();
            }
            match self.hear() {
                Some(Told::AnswerOf(at, answer)) => {
                    answers[at] = Some(answer);
                    seen += 1;
                }
                Some(other) => panic!("{other:?}"),
                None => break,
            }
        }
        assert_eq!(self.child.wait().unwrap().code(), None, "it was to be ended by a signal");
        answers
    }

    fn ask(&mut self, ask: &Ask) -> Told {
        writeln!(self.asks, "{}", serde_json::to_string(ask).unwrap()).unwrap();
        self.hear().unwrap_or_else(|| panic!("the process ended at {ask:?}"))
    }

    fn hear(&mut self) -> Option<Told> {
        loop {
            let mut line = String::new();
            // A line that the kill cut off has no end, and was not told.
            if self.lines.read_line(&mut line).unwrap() == 0 || !line.ends_with('\n') {
                return None;
            }
            if let Some((_, told)) = line.split_once(MARK) {
                return Some(serde_json::from_str(told).unwrap());
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Also when a check has failed: nothing is left running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In the process that holds the store: answers until it is killed or asked no more, and says true. Elsewhere: false.
pub(crate) fn serve() -> bool {
    let Some(directory) = std::env::var_os(DIRECTORY).map(PathBuf::from) else { return false };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut store = runtime.block_on(Store::open(&directory, StoreOptions::default())).unwrap();
    for line in std::io::stdin().lines() {
        let told = match serde_json::from_str(&line.unwrap()).unwrap() {
            Ask::Do(operation) => Told::Answer(runtime.block_on(apply(&store, &operation))),
            Ask::AtOnce(operations) => {
                tell(&Told::Begun);
                for (at, operation) in operations.into_iter().enumerate() {
                    let store = store.clone();
                    runtime.spawn(async move { tell(&Told::AnswerOf(at, apply(&store, &operation).await)) });
                }
                continue;
            }
            Ask::Reopen => {
                runtime.block_on(store.close()).unwrap();
                store = runtime.block_on(Store::open(&directory, StoreOptions::default())).unwrap();
                Told::Begun
            }
            Ask::Everything => Told::Everything(runtime.block_on(everything(&store))),
            Ask::CollectOrphans => {
                let collected = runtime.block_on(store.collect_orphans(&Retention::NONE)).unwrap();
                Told::Blobs(collected.examined - collected.deleted)
            }
        };
        tell(&told);
    }
    true
}

fn tell(told: &Told) {
    println!("{MARK}{}", serde_json::to_string(told).unwrap());
}

async fn apply(store: &Store, operation: &Operation) -> Answer {
    match attempt(store, operation).await {
        Ok(answer) => answer,
        Err(error) => Answer::Refused(error.to_string()),
    }
}

async fn attempt(store: &Store, operation: &Operation) -> Result<Answer, PutError> {
    Ok(match operation {
        Operation::CreateBucket { bucket } => {
            store.create_bucket(bucket_row(bucket)).await?;
            Answer::Done
        }
        Operation::DeleteBucket { bucket } => {
            store.delete_bucket(bucket).await?;
            Answer::Done
        }
        Operation::Put { bucket, key, content, etag, condition } => {
            // Every second upload says its length before.
            let hint = (content.seed & 4 == 4).then_some(content.length as u64);
            let mut upload = store.begin_put(hint).await?;
            for chunk in content.bytes().chunks(10_000) {
                upload.write(chunk.to_vec().into()).await?;
            }
            let new = new_object(*content, etag);
            let object = upload.finish(bucket, key, new, condition.to_precondition()).await?;
            Answer::Found(Some(format!("{object:?}")))
        }
        Operation::Delete { bucket, key } => Answer::Existed(store.delete(bucket, key).await?),
        Operation::Head { bucket, key } => {
            Answer::Found(store.head(bucket, key).await?.map(|object| format!("{object:?}")))
        }
        Operation::Read { bucket, key, from, to } => Answer::Bytes(match store.get(bucket, key).await? {
            Some(open) => Some(digest(&open.read(*from..*to).read_to_end().await?)),
            None => None,
        }),
        Operation::List { bucket, listing } => list(store, bucket, listing).await?,
        Operation::PutAccessKey { id, secret } => {
            store.put_access_key(access_key_row(id, *secret)).await?;
            Answer::Done
        }
        Operation::DeleteAccessKey { id } => Answer::Existed(store.delete_access_key(id).await?),
        Operation::AccessKey { id } => {
            Answer::Found(store.access_key(id).await?.map(|row| access_key_text(&row)))
        }
    })
}

async fn list(store: &Store, bucket: &str, listing: &Listing) -> Result<Answer, StoreError> {
    let request = ListRequest {
        prefix: listing.prefix.clone(),
        delimiter: listing.delimiter.clone(),
        start_after: listing.start_after.clone(),
        continuation: listing.continuation.as_deref().and_then(Continuation::decode),
        max_keys: listing.max_keys,
    };
    let page = store.list(bucket, &request).await?;
    Ok(Answer::Page {
        objects: page.objects.iter().map(|object| format!("{object:?}")).collect(),
        prefixes: page.common_prefixes,
        next: page.next.map(|next| next.encode()),
    })
}

/// Everything there is, as [`Reference::everything`](crate::reference::Reference::everything) tells it.
async fn everything(store: &Store) -> Vec<String> {
    let mut lines = Vec::new();
    for bucket in store.list_buckets().await.unwrap() {
        lines.push(format!("{bucket:?}"));
        let all = ListRequest { max_keys: usize::MAX, ..ListRequest::default() };
        for listed in store.list(&bucket.name, &all).await.unwrap().objects {
            let open = store.get(&bucket.name, &listed.key).await.unwrap().unwrap();
            let object = format!("{:?}", open.object());
            let bytes = open.read_all().read_to_end().await.unwrap();
            lines.push(format!("{} {object} {:?}", bucket.name, digest(&bytes)));
        }
    }
    lines.extend(store.access_keys().await.unwrap().iter().map(access_key_text));
    lines
}
