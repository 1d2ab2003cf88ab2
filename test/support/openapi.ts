import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

/** A JSON schema within an OpenAPI document. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

/** What can be asked. */
export interface DocumentedOperation {
  readonly verb: string
  /** With parameters in braces. */
  readonly path: string
  readonly operationId: string
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: JsonSchema }[]
  /** That of a JSON body. */
  readonly body: JsonSchema | undefined
}

interface Responses {
  readonly [status: string]: { readonly $ref?: string; readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>> }
}

/** An OpenAPI document as a test uses it: what can be asked, and whether an answer is one that it promises. */
export class OpenApi {
  readonly operations: readonly DocumentedOperation[]
  readonly #document: JsonSchema
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false })
  readonly #checks = new Map<string, ValidateFunction>()

  constructor(document: JsonSchema) {
    this.#document = document
    this.#ajv.addSchema(document, 'openapi')
    const paths = document['paths'] as Record<string, Record<string, Record<string, unknown>>>
    this.operations = Object.entries(paths).flatMap(([path, verbs]) =>
      Object.entries(verbs).map(([verb, operation]) => ({
        verb: verb.toUpperCase(),
        path,
        operationId: operation['operationId'] as string,
        parameters: (operation['parameters'] ?? []) as DocumentedOperation['parameters'],
        body: (operation['requestBody'] as { content: Record<string, { schema: JsonSchema }> } | undefined)?.content['application/json']
          ?.schema,
      })),
    )
  }

  /** What a reference leads to, or the schema itself. */
  resolve(schema: JsonSchema): JsonSchema {
    const { $ref } = schema
    return typeof $ref === 'string' ? (this.#at($ref) as JsonSchema) : schema
  }

  /** Why an answer is none that the document promises; `undefined` where it is. */
  misfit({ verb, path }: DocumentedOperation, status: number, contentType: string, body: unknown): string | undefined {
    const place = `#/paths/${escaped(path)}/${verb.toLowerCase()}/responses`
    const responses = this.#at(place) as Responses
    const key = String(status) in responses ? String(status) : status >= 400 ? 'default' : undefined
    if (key === undefined) return `the status ${status} is not told`
    const response = `${place}/${key}`
    const { $ref = response } = responses[key] ?? {}
    const { content } = this.#at($ref) as Responses[string]
    const type = contentType.split(';')[0] ?? ''
    if (content === undefined) return body === undefined ? undefined : 'there is a body'
    if (!(type in content)) return `the type ${type} is not told with ${status}`
    const pointer = `openapi${$ref}/content/${escaped(type)}/schema`
    const check = this.#checks.get(pointer) ?? this.#ajv.compile({ $ref: pointer })
    this.#checks.set(pointer, check)
    return check(body) ? undefined : this.#ajv.errorsText(check.errors)
  }

  #at(pointer: string): unknown {
    const keys = pointer
      .slice(2)
      .split('/')
      .map(key => decodeURI(key).replaceAll('~1', '/').replaceAll('~0', '~'))
    return keys.reduce<unknown>((place, key) => (place as JsonSchema)[key], this.#document)
  }
}

function escaped(key: string): string {
  return encodeURI(key.replaceAll('~', '~0').replaceAll('/', '~1'))
}
