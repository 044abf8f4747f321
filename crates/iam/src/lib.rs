//! Policy evaluation: whether a principal may perform an action on a resource. Pure.
//!
//! A handler takes [`Allowed<T>`], and only [`evaluate`] makes one, so a request that nobody weighed cannot
//! reach a handler: the compiler refuses it. Today the root principal may do everything and everybody else
//! nothing; policy documents arrive behind the same function without touching a caller.
//!
//! ```
//! use presign_iam::{Action, Context, Principal, Resource, evaluate};
//!
//! let resource = Resource::from_arn("arn:aws:s3:::photos/cat.jpg");
//! let action = Action::new("s3:GetObject");
//! let allowed = evaluate(&Principal::root(), action, &resource, &Context::default(), "the request");
//! assert_eq!(allowed.map(|allowed| allowed.into_inner()), Ok("the request"));
//!
//! let stranger = Principal::user("alice");
//! assert!(evaluate(&stranger, action, &resource, &Context::default(), "the request").is_err());
//! ```

mod context;
mod evaluate;
mod principal;
mod resource;

pub use context::Context;
pub use evaluate::{Allowed, Denied, Reason, evaluate};
pub use principal::{ACCOUNT_ID, Principal};
pub use resource::{Action, Resource};
