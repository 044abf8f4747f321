//! Policy evaluation: whether a principal may perform an action on a resource. Pure.
