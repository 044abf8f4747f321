//! What the AWS tools make of an endpoint. Every URL in the tables was written by botocore 1.43; for plain AWS
//! endpoints with its addressing style set to `virtual`, for otherwise it names no region in the host.

use super::*;
use Addressing::{Auto, Path, Virtual};

/// The endpoint of a region with options: dualstack, FIPS, accelerate, global.
fn aws(region: &str, options: &str) -> Endpoint {
    options.chars().fold(Endpoint::aws(region).unwrap(), |endpoint, option| match option {
        'd' => endpoint.dualstack(),
        'f' => endpoint.fips(),
        'a' => endpoint.accelerate(),
        'g' => endpoint.global(),
        _ => panic!("no option {option}"),
    })
}

/// The bucket's URL, and the proof that the Host goes with it.
fn url(endpoint: &Endpoint, bucket: &str, addressing: Addressing) -> Result<String, EndpointError> {
    let bucket = endpoint.bucket(bucket, addressing)?;
    let authority = bucket.origin().split_once("://").unwrap().1.to_ascii_lowercase();
    let port = if bucket.origin().starts_with("https:") { ":443" } else { ":80" };
    assert_eq!(bucket.host(), authority.strip_suffix(port).unwrap_or(&authority));
    Ok(format!("{}{}", bucket.origin(), bucket.path()))
}

#[test]
fn the_hosts_of_aws() {
    let table = [
        ("us-east-1", "", Auto, "photos", "https://photos.s3.amazonaws.com"),
        ("us-east-1", "d", Auto, "photos", "https://photos.s3.dualstack.us-east-1.amazonaws.com"),
        ("us-east-1", "f", Auto, "photos", "https://photos.s3-fips.us-east-1.amazonaws.com"),
        ("us-east-1", "df", Auto, "photos", "https://photos.s3-fips.dualstack.us-east-1.amazonaws.com"),
        ("us-east-1", "a", Auto, "photos", "https://photos.s3-accelerate.amazonaws.com"),
        ("us-east-1", "ad", Auto, "photos", "https://photos.s3-accelerate.dualstack.amazonaws.com"),
        ("us-east-1", "", Path, "photos", "https://s3.amazonaws.com/photos"),
        ("us-east-1", "d", Path, "photos", "https://s3.dualstack.us-east-1.amazonaws.com/photos"),
        ("us-east-1", "f", Path, "photos", "https://s3-fips.us-east-1.amazonaws.com/photos"),
        ("us-east-1", "", Auto, "my.photos", "https://s3.amazonaws.com/my.photos"),
        ("aws-global", "", Auto, "photos", "https://photos.s3.amazonaws.com"),
        ("aws-global", "d", Auto, "photos", "https://photos.s3.dualstack.us-east-1.amazonaws.com"),
        ("eu-central-1", "", Auto, "photos", "https://photos.s3.eu-central-1.amazonaws.com"),
        ("eu-central-1", "d", Auto, "photos", "https://photos.s3.dualstack.eu-central-1.amazonaws.com"),
        ("eu-central-1", "f", Auto, "photos", "https://photos.s3-fips.eu-central-1.amazonaws.com"),
        ("eu-central-1", "df", Auto, "photos", "https://photos.s3-fips.dualstack.eu-central-1.amazonaws.com"),
        ("eu-central-1", "a", Auto, "photos", "https://photos.s3-accelerate.amazonaws.com"),
        ("eu-central-1", "ad", Auto, "photos", "https://photos.s3-accelerate.dualstack.amazonaws.com"),
        ("eu-central-1", "", Path, "photos", "https://s3.eu-central-1.amazonaws.com/photos"),
        ("eu-central-1", "d", Path, "photos", "https://s3.dualstack.eu-central-1.amazonaws.com/photos"),
        ("eu-central-1", "f", Path, "photos", "https://s3-fips.eu-central-1.amazonaws.com/photos"),
        ("eu-central-1", "", Auto, "my.photos", "https://s3.eu-central-1.amazonaws.com/my.photos"),
        ("xx-new-1", "", Auto, "photos", "https://photos.s3.xx-new-1.amazonaws.com"),
        ("xx-new-1", "d", Auto, "photos", "https://photos.s3.dualstack.xx-new-1.amazonaws.com"),
        ("us-gov-west-1", "", Auto, "photos", "https://photos.s3.us-gov-west-1.amazonaws.com"),
        ("us-gov-west-1", "d", Auto, "photos", "https://photos.s3.dualstack.us-gov-west-1.amazonaws.com"),
        ("us-gov-west-1", "f", Auto, "photos", "https://photos.s3-fips.us-gov-west-1.amazonaws.com"),
        (
            "us-gov-west-1",
            "df",
            Auto,
            "photos",
            "https://photos.s3-fips.dualstack.us-gov-west-1.amazonaws.com",
        ),
        ("us-gov-west-1", "a", Auto, "photos", "https://photos.s3-accelerate.amazonaws.com"),
        ("us-gov-west-1", "ad", Auto, "photos", "https://photos.s3-accelerate.dualstack.amazonaws.com"),
        ("us-gov-west-1", "", Path, "photos", "https://s3.us-gov-west-1.amazonaws.com/photos"),
        ("us-gov-west-1", "d", Path, "photos", "https://s3.dualstack.us-gov-west-1.amazonaws.com/photos"),
        ("us-gov-west-1", "f", Path, "photos", "https://s3-fips.us-gov-west-1.amazonaws.com/photos"),
        ("us-gov-west-1", "", Auto, "my.photos", "https://s3.us-gov-west-1.amazonaws.com/my.photos"),
        ("fips-us-gov-west-1", "", Auto, "photos", "https://photos.s3-fips.us-gov-west-1.amazonaws.com"),
        (
            "fips-us-gov-west-1",
            "d",
            Auto,
            "photos",
            "https://photos.s3-fips.dualstack.us-gov-west-1.amazonaws.com",
        ),
        ("us-east-1-fips", "", Auto, "photos", "https://photos.s3-fips.us-east-1.amazonaws.com"),
        ("us-east-1-fips", "d", Auto, "photos", "https://photos.s3-fips.dualstack.us-east-1.amazonaws.com"),
        ("cn-north-1", "", Auto, "photos", "https://photos.s3.cn-north-1.amazonaws.com.cn"),
        ("cn-north-1", "d", Auto, "photos", "https://photos.s3.dualstack.cn-north-1.amazonaws.com.cn"),
        ("cn-north-1", "", Path, "photos", "https://s3.cn-north-1.amazonaws.com.cn/photos"),
        ("cn-north-1", "d", Path, "photos", "https://s3.dualstack.cn-north-1.amazonaws.com.cn/photos"),
        ("cn-north-1", "", Auto, "my.photos", "https://s3.cn-north-1.amazonaws.com.cn/my.photos"),
        ("cn-northwest-1", "", Auto, "photos", "https://photos.s3.cn-northwest-1.amazonaws.com.cn"),
        (
            "cn-northwest-1",
            "d",
            Auto,
            "photos",
            "https://photos.s3.dualstack.cn-northwest-1.amazonaws.com.cn",
        ),
        ("eusc-de-east-1", "", Auto, "photos", "https://photos.s3.eusc-de-east-1.amazonaws.eu"),
        ("eusc-de-east-1", "d", Auto, "photos", "https://photos.s3.dualstack.eusc-de-east-1.amazonaws.eu"),
        ("us-iso-east-1", "", Auto, "photos", "https://photos.s3.us-iso-east-1.c2s.ic.gov"),
        ("us-iso-east-1", "d", Auto, "photos", "https://photos.s3.dualstack.us-iso-east-1.c2s.ic.gov"),
        ("us-isob-east-1", "", Auto, "photos", "https://photos.s3.us-isob-east-1.sc2s.sgov.gov"),
        ("us-isob-east-1", "d", Auto, "photos", "https://photos.s3.dualstack.us-isob-east-1.sc2s.sgov.gov"),
        ("eu-isoe-west-1", "", Auto, "photos", "https://photos.s3.eu-isoe-west-1.cloud.adc-e.uk"),
        ("eu-isoe-west-1", "f", Auto, "photos", "https://photos.s3-fips.eu-isoe-west-1.cloud.adc-e.uk"),
        ("eu-isoe-west-1", "a", Auto, "photos", "https://photos.s3-accelerate.cloud.adc-e.uk"),
        ("us-isof-south-1", "", Auto, "photos", "https://photos.s3.us-isof-south-1.csp.hci.ic.gov"),
        ("eu-west-1", "", Auto, "My_Photos", "https://s3.eu-west-1.amazonaws.com/My_Photos"),
        ("eu-west-1", "", Auto, "ab", "https://s3.eu-west-1.amazonaws.com/ab"),
        ("eu-west-1", "", Auto, "-ab", "https://s3.eu-west-1.amazonaws.com/-ab"),
        ("eu-west-1", "", Auto, "ab-", "https://s3.eu-west-1.amazonaws.com/ab-"),
        ("eu-west-1", "", Auto, "127.0.0.1", "https://s3.eu-west-1.amazonaws.com/127.0.0.1"),
        ("eu-west-1", "", Auto, "my_photos", "https://s3.eu-west-1.amazonaws.com/my_photos"),
        ("eu-west-1", "", Auto, "abc", "https://abc.s3.eu-west-1.amazonaws.com"),
        ("eu-central-1", "g", Auto, "photos", "https://photos.s3.amazonaws.com"),
        ("eu-central-1", "gd", Auto, "photos", "https://photos.s3.dualstack.eu-central-1.amazonaws.com"),
        ("eu-central-1", "g", Auto, "my.photos", "https://s3.eu-central-1.amazonaws.com/my.photos"),
        ("cn-north-1", "g", Auto, "photos", "https://photos.s3.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "g", Auto, "photos", "https://photos.s3.us-gov-west-1.amazonaws.com"),
        ("us-east-1", "g", Auto, "photos", "https://photos.s3.amazonaws.com"),
        ("eu-central-1", "ga", Auto, "photos", "https://photos.s3-accelerate.amazonaws.com"),
    ];
    for (region, options, addressing, bucket, expected) in table {
        let actual = url(&aws(region, options), bucket, addressing);
        assert_eq!(actual.as_deref(), Ok(expected), "{region} {options} {addressing:?} {bucket}");
    }
}

#[test]
fn the_longest_name_that_is_a_host_label() {
    let endpoint = aws("eu-west-1", "");
    assert!(endpoint.bucket(&"a".repeat(63), Auto).unwrap().is_virtual_hosted());
    assert!(!endpoint.bucket(&"a".repeat(64), Auto).unwrap().is_virtual_hosted());
}

#[test]
fn custom_endpoints() {
    let table = [
        ("http://localhost:9000", Auto, "photos", "http://localhost:9000/photos"),
        ("http://localhost:9000", Auto, "my.photos", "http://localhost:9000/my.photos"),
        ("http://localhost:9000", Path, "photos", "http://localhost:9000/photos"),
        ("http://localhost:9000", Path, "my.photos", "http://localhost:9000/my.photos"),
        ("http://127.0.0.1:9000", Auto, "photos", "http://127.0.0.1:9000/photos"),
        ("http://127.0.0.1:9000", Auto, "my.photos", "http://127.0.0.1:9000/my.photos"),
        ("http://127.0.0.1:9000", Path, "photos", "http://127.0.0.1:9000/photos"),
        ("http://127.0.0.1:9000", Path, "my.photos", "http://127.0.0.1:9000/my.photos"),
        ("HTTP://S3.ex.org:9000", Auto, "photos", "http://S3.ex.org:9000/photos"),
        ("http://[::1]:9000", Auto, "photos", "http://[::1]:9000/photos"),
        ("http://[::1]:9000", Auto, "my.photos", "http://[::1]:9000/my.photos"),
        ("http://[::1]:9000", Path, "photos", "http://[::1]:9000/photos"),
        ("http://[::1]:9000", Path, "my.photos", "http://[::1]:9000/my.photos"),
        ("https://s3.ex.org:443", Auto, "photos", "https://s3.ex.org:443/photos"),
        ("https://s3.ex.org:443", Auto, "my.photos", "https://s3.ex.org:443/my.photos"),
        ("https://s3.ex.org:443", Path, "photos", "https://s3.ex.org:443/photos"),
        ("https://s3.ex.org:443", Path, "my.photos", "https://s3.ex.org:443/my.photos"),
        ("http://s3.ex.org:80", Auto, "photos", "http://s3.ex.org:80/photos"),
        ("http://s3.ex.org:80", Auto, "my.photos", "http://s3.ex.org:80/my.photos"),
        ("http://s3.ex.org:80", Path, "photos", "http://s3.ex.org:80/photos"),
        ("http://s3.ex.org:80", Path, "my.photos", "http://s3.ex.org:80/my.photos"),
        ("https://S3.Ex.org:8443/base/", Auto, "photos", "https://S3.Ex.org:8443/base/photos"),
        ("https://S3.Ex.org:8443/base/", Auto, "my.photos", "https://S3.Ex.org:8443/base/my.photos"),
        ("https://S3.Ex.org:8443/base/", Path, "photos", "https://S3.Ex.org:8443/base/photos"),
        ("https://S3.Ex.org:8443/base/", Path, "my.photos", "https://S3.Ex.org:8443/base/my.photos"),
        (
            "https://s3.eu-central-1.amazonaws.com",
            Auto,
            "photos",
            "https://s3.eu-central-1.amazonaws.com/photos",
        ),
        (
            "https://s3.eu-central-1.amazonaws.com",
            Auto,
            "my.photos",
            "https://s3.eu-central-1.amazonaws.com/my.photos",
        ),
        (
            "https://s3.eu-central-1.amazonaws.com",
            Path,
            "photos",
            "https://s3.eu-central-1.amazonaws.com/photos",
        ),
        (
            "https://s3.eu-central-1.amazonaws.com",
            Path,
            "my.photos",
            "https://s3.eu-central-1.amazonaws.com/my.photos",
        ),
    ];
    for (endpoint, addressing, bucket, expected) in table {
        let actual = url(&Endpoint::custom(endpoint).unwrap(), bucket, addressing);
        assert_eq!(actual.as_deref(), Ok(expected), "{endpoint} {addressing:?} {bucket}");
    }
}

/// botocore takes path style where virtual-hosted style was asked for and cannot be; that is an error here.
#[test]
fn virtual_hosted_style_is_not_silently_given_up() {
    let custom = |url| Endpoint::custom(url).unwrap();
    let aws = aws("eu-central-1", "");
    assert!(aws.bucket("photos", Virtual).unwrap().is_virtual_hosted());
    assert!(custom("http://s3.ex.org").bucket("my.photos", Virtual).unwrap().is_virtual_hosted());
    for (endpoint, bucket) in [
        (aws.clone(), "my.photos"),
        (aws.clone(), "My_Photos"),
        (aws, "ab"),
        (custom("https://s3.ex.org"), "my.photos"),
        (custom("https://s3.ex.org"), "-photos"),
        (custom("http://s3.ex.org"), "my..photos"),
        (custom("http://s3.ex.org"), "10.0.0.1"),
        (custom("http://127.0.0.1:9000"), "photos"),
        (custom("http://[::1]:9000"), "photos"),
    ] {
        let refusal = endpoint.bucket(bucket, Virtual);
        assert!(matches!(refusal, Err(EndpointError::NotVirtualHostable { .. })), "{endpoint:?} {bucket}");
        assert!(!endpoint.bucket(bucket, Auto).unwrap().is_virtual_hosted(), "{bucket}");
    }
}

#[test]
fn combinations_that_aws_does_not_have() {
    let refusal = |region, options, bucket, addressing| {
        aws(region, options).bucket(bucket, addressing).expect_err("it exists")
    };
    let unavailable = |partition, region: &str, what| EndpointError::Unavailable {
        partition,
        region: region.to_owned(),
        what,
    };
    let (fips, accelerate) = ("FIPS endpoints", "S3 Transfer Acceleration");
    assert_eq!(refusal("cn-north-1", "f", "photos", Auto), unavailable("aws-cn", "cn-north-1", fips));
    assert_eq!(refusal("cn-north-1", "a", "photos", Auto), unavailable("aws-cn", "cn-north-1", accelerate));
    for (region, partition) in [("eu-isoe-west-1", "aws-iso-e"), ("us-isof-south-1", "aws-iso-f")] {
        let refusal = refusal(region, "d", "photos", Auto);
        assert_eq!(refusal, unavailable(partition, region, "dualstack endpoints"));
    }
    for region in ["us-east-1", "cn-north-1"] {
        assert_eq!(refusal(region, "af", "photos", Auto), EndpointError::AccelerateWithFips);
    }
    assert_eq!(refusal("us-east-1", "a", "photos", Path), EndpointError::AccelerateInPathStyle);
    for bucket in ["my.photos", "My_Photos"] {
        let refusal = refusal("us-east-1", "a", bucket, Auto);
        assert!(matches!(refusal, EndpointError::NotVirtualHostable { .. }), "{bucket}");
    }
    let custom = Endpoint::custom("http://localhost:9000/base").unwrap();
    assert_eq!(
        custom.clone().accelerate().bucket("photos", Auto),
        Err(EndpointError::AccelerateWithCustomEndpoint("http://localhost:9000".to_owned()))
    );
    assert_eq!(custom.clone().dualstack().fips().bucket("photos", Auto), custom.bucket("photos", Auto));
}

#[test]
fn the_region_to_sign_for() {
    for (region, signing) in [
        ("eu-central-1", "eu-central-1"),
        ("aws-global", "us-east-1"),
        ("fips-us-gov-west-1", "us-gov-west-1"),
        ("us-east-1-fips", "us-east-1"),
    ] {
        assert_eq!(aws(region, "").signing_region(), Some(signing));
    }
    assert_eq!(Endpoint::custom("http://localhost:9000").unwrap().signing_region(), None);
    for bad in ["", "-", "us_east_1", "us-east-1.evil.org/", "us-east-1-", "12345", "fips-", &"a".repeat(64)]
    {
        assert_eq!(Endpoint::aws(bad), Err(EndpointError::InvalidRegion(bad.to_owned())), "{bad}");
    }
    assert!(Endpoint::aws(&"a".repeat(63)).is_ok());
}

#[test]
fn bucket_names_of_every_s3() {
    let endpoint = Endpoint::custom("http://localhost:9000").unwrap();
    for good in ["b", "My_Bucket.1", &"a".repeat(255)] {
        assert!(endpoint.bucket(good, Auto).is_ok(), "{good}");
    }
    for bad in ["", ".", "..", "a/b", "a b", "arn:aws:s3:::b", &"a".repeat(256)] {
        assert_eq!(
            endpoint.bucket(bad, Auto),
            Err(EndpointError::InvalidBucketName(bad.to_owned())),
            "{bad}"
        );
    }
}
