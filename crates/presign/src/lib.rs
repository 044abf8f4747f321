//! Make, check and explain presigned S3 URLs: SigV4 and SigV2, query, header and POST form.
