//! What the watchdog tells a connection to do.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::patience::{Patience, Situation};

/// What a connection is told. The situation is the one that the order was given for: the client may have gone on since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Give the buffers back.
    Park(Situation),
    /// End at once.
    Close(Situation),
    /// End with the request under way.
    Stop,
}

/// The orders that a connection has yet to follow, one of each kind at most.
#[derive(Debug, Default)]
pub(super) struct Orders {
    notify: Notify,
    given: Mutex<Given>,
}

#[derive(Debug, Default)]
struct Given {
    park: Option<Situation>,
    close: Option<Situation>,
    stop: bool,
}

impl Orders {
    pub(super) fn give(&self, order: Order) {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        match order {
            Order::Park(situation) => given.park = Some(situation),
            Order::Close(situation) => given.close = Some(situation),
            Order::Stop => given.stop = true,
        }
        self.notify.notify_one();
    }

    /// The next order that still fits the situation.
    pub(super) async fn next(&self, patience: &Patience) -> Order {
        loop {
            if let Some(order) = self.take(patience.situation()) {
                return order;
            }
            self.notify.notified().await;
        }
    }

    fn take(&self, now: Situation) -> Option<Order> {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let close = given.close.take().filter(|then| *then == now).map(Order::Close);
        let stop = || std::mem::take(&mut given.stop).then_some(Order::Stop);
        close.or_else(stop).or_else(|| given.park.take().filter(|then| *then == now).map(Order::Park))
    }
}

#[cfg(test)]
mod tests {
    use super::super::patience::Phase;
    use super::*;

    #[test]
    fn an_order_is_for_the_situation_that_it_was_given_for() {
        let (orders, patience) = (Orders::default(), Patience::new());
        let idle = patience.situation();
        orders.give(Order::Park(idle));
        orders.give(Order::Close(idle));
        orders.give(Order::Stop);
        assert_eq!(orders.take(idle), Some(Order::Close(idle)));
        patience.enter(Phase::Head);
        assert_eq!(orders.take(patience.situation()), Some(Order::Stop));
        assert_eq!(orders.take(patience.situation()), None);
    }

    #[tokio::test]
    async fn an_order_given_before_anyone_waits_is_not_lost() {
        let (orders, patience) = (Orders::default(), Patience::new());
        orders.give(Order::Stop);
        assert_eq!(orders.next(&patience).await, Order::Stop);
    }
}
