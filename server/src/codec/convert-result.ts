import { HalibutError } from '../base/errors.ts'
import { asDeclared, type ClrType, type Materialised } from './clr-type.ts'

/** What a conversion makes of a scalar, or why not. */
export type Convert = (value: unknown, from: ClrType) => unknown

/**
 * The caller’s side of a result (spec §4.6.4): an instance of the declared type stays, a scalar of another type is converted where .NET’s
 * general “change type” does, everything else fails as it does there. `convert` is missing where nothing converts to the type.
 */
export function fromResultOf(declared: () => ClrType, convert?: Convert): (result: Materialised) => unknown {
  return result => {
    const type = declared()
    const actual = result.type
    if (actual === undefined) {
      if (type.reference || type.nullableOf !== undefined) return null
      throw castFailed('Object reference not set to an instance of an object.', 'System.NullReferenceException')
    }
    if (type.assignableFrom(actual) || type.nullableOf?.assignableFrom(actual)) return asDeclared(type, result)
    if (!convertible.has(actual.key)) throw castFailed('Object must implement IConvertible.')
    if (convert === undefined) throw invalidCast(actual, type)
    return convert(result.value, actual)
  }
}

const convertible = new Set(['System.Int64', 'System.Double', 'System.String', 'System.Boolean', 'System.DateTime'])

/** No conversion from this type to that. */
export function invalidCast(from: ClrType, to: ClrType | string): HalibutError {
  return castFailed(`Invalid cast from '${from.fullName}' to '${typeof to === 'string' ? to : withoutAssembly(to)}'.`)
}

/** Type arguments stand in such texts with their assemblies. */
function withoutAssembly(type: ClrType): string {
  const text = type.typeText('System.Private.CoreLib')
  return text.slice(0, text.lastIndexOf(','))
}

/** A text that is no number, date or truth value. */
export function badFormat(message: string): HalibutError {
  return castFailed(message, 'System.FormatException')
}

/** A number that the declared type cannot hold. */
export function overflow(typeName: string): HalibutError {
  const article = /^[AEIOU]/.test(typeName) && !typeName.startsWith('UI') ? 'an' : 'a'
  const name = typeName === 'SByte' ? 'signed byte' : typeName === 'Byte' ? 'unsigned byte' : typeName
  return castFailed(
    `Value was either too large or too small for ${name === 'unsigned byte' ? 'an' : article} ${name}.`,
    'System.OverflowException',
  )
}

function castFailed(message: string, dotnetType = 'System.InvalidCastException'): HalibutError {
  return new HalibutError('serialization_failed', message, { phase: 'response', delivery: 'executed', dotnetType })
}
