import type { ScalarName } from '@halibut-gateway/schemas/contract'
import { bytes } from './bytes-values.ts'
import type { ClrType } from './clr-type.ts'
import { dateTime, dateTimeOffset } from './date-values.ts'
import { integerTypes } from './integer-values.ts'
import { bigInteger, bool, decimal, double, float } from './number-values.ts'
import { char, dateOnly, guid, string, timeOnly, timeSpan, uri, version } from './text-values.ts'

/** Every scalar type by its contract name. */
export const scalarTypes: Readonly<Record<Exclude<ScalarName, 'dataStream' | 'object' | 'void'>, ClrType>> = {
  ...integerTypes,
  bool,
  bigInteger,
  float,
  double,
  decimal,
  string,
  char,
  guid,
  dateTime,
  dateTimeOffset,
  dateOnly,
  timeOnly,
  timeSpan,
  uri,
  version,
  bytes,
}
