import { readFileSync } from 'node:fs'
import { AgentIdSchema, EndpointUriSchema } from '@halibut-gateway/schemas'
import { type Static, type TObject, type TProperties, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { HalibutError } from './base/errors.ts'
import { misfit } from './rpc/expectation.ts'
import { normaliseThumbprint } from './socket/thumbprint.ts'

const PortSchema = Type.Integer({ minimum: 0, maximum: 65_535 })
const TextListSchema = Type.Array(Type.String({ minLength: 1 }))

const AgentSettingsSchema = Type.Object(
  {
    id: AgentIdSchema,
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    uri: EndpointUriSchema,
    thumbprint: Type.String({ description: 'SHA-1 of the agent’s certificate, in any spelling' }),
    services: Type.Optional(TextListSchema),
    disabled: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)

/** Every setting with its default. A flag, an environment variable and a member of the file are the same name in three spellings. */
export const SettingsSchema = Type.Object(
  {
    host: Type.String({ minLength: 1, default: '127.0.0.1', description: 'where the page and /rpc listen' }),
    port: Type.Integer({ ...PortSchema, default: 8642, description: 'of the page and /rpc; 0: any free one' }),
    agentHost: Type.String({ minLength: 1, default: '127.0.0.1', description: 'where polling agents connect' }),
    agentPort: Type.Integer({ ...PortSchema, default: 0, description: 'for polling agents; 0: any free one' }),
    stateFolder: Type.String({ minLength: 1, default: '.halibut-gateway', description: 'certificates, agents; made at the first start' }),
    publicUrl: Type.String({
      default: '',
      description: 'the address that browsers use, where a reverse proxy gives another one, with its path',
    }),
    trustedProxies: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: 'addresses of reverse proxies (10.0.0.1, 10.0.0.0/8, loopback) whose X-Forwarded headers are believed',
    }),
    allowedOrigins: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: 'origins of pages that may use the gateway, beside its own',
    }),
    allowedHosts: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: 'Host headers that are answered, beside loopback and publicUrl, and their pages',
    }),
    contracts: Type.Array(Type.String({ minLength: 1 }), { default: [], description: 'contract files (JSON)' }),
    agents: Type.Array(AgentSettingsSchema, { default: [], description: 'agents beside the stored ones; only in the file' }),
    demo: Type.Boolean({ default: true, description: 'start two demo agents; --no-demo: none' }),
    drainMs: Type.Integer({
      minimum: 0,
      maximum: 3_600_000,
      default: 20_000,
      description: 'how long what runs may take when the gateway is stopped, in ms',
    }),
    logLevel: Type.Union([Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error')], {
      default: 'info',
      description: 'debug, info, warn or error',
    }),
  },
  { additionalProperties: false },
)

/** The settings of a gateway. */
export type Settings = Static<typeof SettingsSchema>

/** Where settings come from; tests put their own in. */
export interface SettingsSources {
  /** Without the program’s name. */
  readonly flags: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly readFile?: (path: string) => string
}

const environmentPrefix = 'HALIBUT_GATEWAY_'

/** Flags over environment over one file (`--config`, or HALIBUT_GATEWAY_CONFIG) over defaults. Throws `invalid_argument` with the place and the reason. */
export function loadSettings(sources: SettingsSources): Settings {
  const flags = readFlags(sources.flags)
  const environment = readEnvironment(sources.environment)
  const file = flags.config ?? environment.config
  const settings = {
    ...(Value.Default(SettingsSchema, {}) as Settings),
    ...(file === undefined ? {} : readSettingsFile(file, sources.readFile ?? (path => readFileSync(path, 'utf8')))),
    ...environment.settings,
    ...flags.settings,
  }
  settings.agents = settings.agents.map((agent, i) => ({
    ...agent,
    thumbprint: agentThumbprint(agent.thumbprint, `agents/${i}/thumbprint`),
  }))
  return settings
}

/** One line for each setting that has a flag. */
export function describeFlags(): string {
  return Object.entries(SettingsSchema.properties as TProperties)
    .filter(([name]) => name !== 'agents')
    .map(([name, schema]) => `  --${kebab(name).padEnd(16)} ${schema.description} (default ${JSON.stringify(schema.default)})`)
    .join('\n')
}

interface Given {
  readonly settings: Partial<Settings>
  readonly config: string | undefined
}

function readFlags(flags: readonly string[]): Given {
  const given: Record<string, unknown> = {}
  let config: string | undefined
  for (let i = 0; i < flags.length; i++) {
    const flag = flags[i] ?? ''
    const [, negated, name, attached] = /^--(no-)?([a-z][a-z0-9-]*)(?:=(.*))?$/s.exec(flag) ?? []
    if (name === undefined) throw unknown(flag, 'is not a flag; flags are written --name value')
    const key = name === 'config' ? 'config' : camel(name)
    const schema = propertyOf(key)
    if (key !== 'config' && (!schema || key === 'agents')) throw unknown(`--${name}`, 'there is no such flag')
    const isSwitch = schema?.['type'] === 'boolean' && attached === undefined
    const text = negated ? 'false' : isSwitch ? 'true' : (attached ?? flags[++i])
    if (text === undefined || (negated && !isSwitch))
      throw invalid(flag, negated ? 'only a switch can be turned off' : 'a value is missing')
    if (key === 'config') config = text
    else given[key] = parseText(schema, text, `--${name}`)
  }
  return { settings: given as Partial<Settings>, config }
}

function readEnvironment(environment: SettingsSources['environment']): Given {
  const given: Record<string, unknown> = {}
  let config: string | undefined
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(environmentPrefix) || text === undefined) continue
    const key = camel(variable.slice(environmentPrefix.length).toLowerCase().replaceAll('_', '-'))
    const schema = propertyOf(key)
    if (key === 'config') config = text
    else if (!schema || key === 'agents') throw unknown(variable, 'there is no such setting')
    else given[key] = parseText(schema, text, variable)
  }
  return { settings: given as Partial<Settings>, config }
}

function readSettingsFile(path: string, read: (path: string) => string): Partial<Settings> {
  let json: unknown
  try {
    json = JSON.parse(read(path))
  } catch (cause) {
    throw invalid(path, cause instanceof Error ? cause.message : String(cause), cause)
  }
  const schema: TObject = Type.Partial(SettingsSchema, { additionalProperties: false })
  const error = Value.Errors(schema, json).First()
  if (error) {
    const place = `${path}: ${error.path.slice(1) || 'the file'}`
    if (error.message === 'Unexpected property') throw unknown(place, 'there is no such setting')
    throw invalid(place, error.message === 'Expected required property' ? 'is missing' : misfit(error))
  }
  return json as Partial<Settings>
}

function parseText(schema: TSchema | undefined, text: string, place: string): unknown {
  let value: unknown = text
  if (schema?.['type'] === 'integer') value = /^\d{1,15}$/.test(text) ? Number(text) : text
  else if (schema?.['type'] === 'boolean') value = text === 'true' ? true : text === 'false' ? false : text
  else if (schema?.['type'] === 'array') value = text === '' ? [] : text.split(',').map(part => part.trim())
  const error = schema && Value.Errors(schema, value).First()
  if (error) throw invalid(place, `${JSON.stringify(text)}: ${misfit(error)}`)
  return value
}

function agentThumbprint(text: string, place: string): string {
  const thumbprint = normaliseThumbprint(text, place)
  if (thumbprint.length !== 40) throw invalid(place, 'an agent is pinned by the SHA-1 of its certificate, 40 hexadecimal digits')
  return thumbprint
}

function propertyOf(key: string): TSchema | undefined {
  const properties: TProperties = SettingsSchema.properties
  return Object.hasOwn(properties, key) ? properties[key] : undefined
}

const camel = (text: string): string => text.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
const kebab = (text: string): string => text.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)

function unknown(place: string, reason: string): HalibutError {
  return new HalibutError('invalid_argument', `${place}: ${reason}`, { advice: 'npm start -- --help tells all settings' })
}

function invalid(place: string, reason: string, cause?: unknown): HalibutError {
  return new HalibutError('invalid_argument', `${place}: ${reason}`, { cause })
}
