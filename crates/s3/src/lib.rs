//! The S3 protocol: a verified request becomes one typed operation; XML, error codes, ranges and conditions. Pure.
