//! AWS's partitions: separate sets of regions, each under its own domain.

/// One partition. The facts are those of botocore's endpoint data.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Partition {
    /// As it stands in ARNs: `aws-cn`.
    pub(crate) name: &'static str,
    /// What its regions' names begin with.
    region_prefix: &'static str,
    /// What its hosts' names end with.
    pub(crate) dns_suffix: &'static str,
    pub(crate) has_dualstack: bool,
    pub(crate) has_fips: bool,
    pub(crate) has_accelerate: bool,
}

/// The commercial partition, which takes every region whose name is of no other one: regions are opened more
/// often than partitions.
const COMMERCIAL: Partition = Partition {
    name: "aws",
    region_prefix: "",
    dns_suffix: "amazonaws.com",
    has_dualstack: true,
    has_fips: true,
    has_accelerate: true,
};

static PARTITIONS: [Partition; 8] = [
    Partition {
        name: "aws-cn",
        region_prefix: "cn-",
        dns_suffix: "amazonaws.com.cn",
        has_dualstack: true,
        has_fips: false,
        has_accelerate: false,
    },
    Partition { name: "aws-us-gov", region_prefix: "us-gov-", ..COMMERCIAL },
    Partition { name: "aws-eusc", region_prefix: "eusc-", dns_suffix: "amazonaws.eu", ..COMMERCIAL },
    Partition { name: "aws-iso", region_prefix: "us-iso-", dns_suffix: "c2s.ic.gov", ..COMMERCIAL },
    Partition { name: "aws-iso-b", region_prefix: "us-isob-", dns_suffix: "sc2s.sgov.gov", ..COMMERCIAL },
    Partition {
        name: "aws-iso-e",
        region_prefix: "eu-isoe-",
        dns_suffix: "cloud.adc-e.uk",
        has_dualstack: false,
        ..COMMERCIAL
    },
    Partition {
        name: "aws-iso-f",
        region_prefix: "us-isof-",
        dns_suffix: "csp.hci.ic.gov",
        has_dualstack: false,
        ..COMMERCIAL
    },
    COMMERCIAL,
];

impl Partition {
    /// The partition of a region.
    pub(crate) fn of_region(region: &str) -> &'static Partition {
        let matches = |partition: &&Partition| region.starts_with(partition.region_prefix);
        PARTITIONS.iter().find(matches).unwrap_or(&COMMERCIAL)
    }

    /// Whether this is the commercial partition, the only one with an endpoint that names no region.
    pub(crate) fn is_commercial(&self) -> bool {
        self.region_prefix.is_empty()
    }
}
