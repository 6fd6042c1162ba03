//! Why a file of stations could not be read: what happened, why, what to do.

/// A refusal. Its text is one or two sentences; the file's name is added by whoever lists it.
#[derive(Debug, thiserror::Error)]
pub enum StationError {
    /// The file holds no table of a station.
    #[error("this is no table of a station ({0}): expected an ISMN file (.stm) of either form")]
    NoTable(String),
    /// The first line does not say where the sensor is.
    #[error("its first line does not say where the sensor is ({0}): download the station again")]
    NoPlace(String),
    /// The name does not say which variable the file holds.
    #[error(
        "its name does not say which variable it holds: ISMN names are NET_NET_STATION_sm_0.05_0.05_SENSOR_FROM_TO.stm; give it its name back"
    )]
    NoVariable,
    /// A table without a record that can be read.
    #[error("it holds no record that can be read{0}")]
    NoRecords(String),
    /// The description of a logger does not fit its file.
    #[error("the logger's table does not fit its description: {0}")]
    Logger(String),
    /// The pairs cannot be written as NetCDF.
    #[cfg(feature = "netcdf")]
    #[error("the pairs were not written as NetCDF: {0}")]
    NetCdf(String),
    /// The archive around it cannot be read.
    #[error(transparent)]
    Archive(#[from] smap_files::ReadError),
    /// The operating system or the browser refused.
    #[error("the file cannot be read ({0}): check that it still exists and may be read")]
    Io(#[from] std::io::Error),
}
