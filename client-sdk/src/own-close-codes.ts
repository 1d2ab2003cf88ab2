/**
 * The rows of the one table of close codes that this end goes by, so that the whole table need not be loaded: those that it uses itself, and
 * after which codes connecting again, as it is, can help. A close frame brings its own reason. A test holds them against the table.
 */
export const normal = 1000
export const abnormal = 1006
export const heartbeatTimeout = 4410
export const signedOut = 4402

/** The codes marked *retry*. */
export const retriedCodes: readonly number[] = [1001, 1005, 1006, 1011, 1012, 1013, 1014, 4408, 4410, 4429]
