import { Kind, type TSchema } from '@sinclair/typebox'

/** Why a value does not fit. */
export function misfit({ schema, message }: { readonly schema: TSchema; readonly message: string }): string {
  return `expected ${expectedBy({ schema, message })}`
}

/** What was expected where an error of the validation was found. */
export function expectedBy({ schema, message }: { readonly schema: TSchema; readonly message: string }): string {
  return message === 'Unexpected property' ? 'no such member' : expectation(schema)
}

/** Whether what came stands in the place of something else altogether, may be a secret, and is not quoted. */
export function isForeign({ schema, message }: { readonly schema: TSchema; readonly message: string }): boolean {
  return message === 'Unexpected property' || !isSimple(schema)
}

function isSimple(schema: TSchema): boolean {
  const kind = schema[Kind]
  if (kind === 'Union') return (schema['anyOf'] as TSchema[]).every(isSimple)
  return kind === 'Integer' || kind === 'Number' || kind === 'String' || kind === 'Boolean' || kind === 'Literal' || kind === 'Null'
}

/** What a schema takes, for the error of a value that it does not: its form. Its description says what the value means, which is something else. */
export function expectation(schema: TSchema): string {
  switch (schema[Kind]) {
    case 'Integer':
      return `a whole number${range(schema)}`
    case 'Number':
      return `a number${range(schema)}`
    case 'String':
      return schema['pattern'] === undefined
        ? `a string${size(schema['minLength'], schema['maxLength'], 'characters')}`
        : patternText(schema)
    case 'Boolean':
      return 'true or false'
    case 'Array':
      return `an array${size(schema['minItems'], schema['maxItems'], 'items')}`
    case 'Object':
    case 'Record':
      return 'an object'
    case 'Null':
      return 'null'
    case 'Literal':
      return JSON.stringify(schema['const'])
    case 'Union':
      return [...new Set((schema['anyOf'] as TSchema[]).map(expectation))].join(' or ')
    default:
      return 'a value'
  }
}

/** A pattern is no text for people; its description is, which schemas with a pattern have. */
function patternText(schema: TSchema): string {
  return schema.description ?? `a string that matches ${schema['pattern']}`
}

function range(schema: TSchema): string {
  const { minimum, maximum } = schema as { minimum?: number; maximum?: number }
  if (minimum === undefined) return maximum === undefined ? '' : ` up to ${maximum}`
  return maximum === undefined ? ` from ${minimum}` : ` from ${minimum} to ${maximum}`
}

function size(min: unknown, max: unknown, of: string): string {
  if (min === undefined) return max === undefined ? '' : ` of at most ${max} ${of}`
  return max === undefined ? ` of at least ${min} ${of}` : ` of ${min} to ${max} ${of}`
}
