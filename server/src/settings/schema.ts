import { AgentIdSchema, AgentLimitsSchema, EndpointUriSchema, RulesDocumentSchema, TagSchema } from '@halibut-gateway/schemas'
import { type Static, type TProperties, type TSchema, Type } from '@sinclair/typebox'

const PortSchema = Type.Integer({ minimum: 0, maximum: 65_535 })
const TextSchema = Type.String({ minLength: 1 })
const TextListSchema = Type.Array(TextSchema)

const AgentSettingsSchema = Type.Object(
  {
    id: AgentIdSchema,
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    uri: EndpointUriSchema,
    thumbprint: Type.String({ description: 'SHA-1 of the agent’s certificate, in any spelling' }),
    services: Type.Optional(TextListSchema),
    tags: Type.Optional(Type.Array(TagSchema, { maxItems: 32, uniqueItems: true })),
    disabled: Type.Optional(Type.Boolean()),
    limits: Type.Optional(AgentLimitsSchema),
  },
  { additionalProperties: false },
)

/**
 * Every setting with its default and what it is for. A flag, an environment variable and a member of the file are the same name in three
 * spellings. `secret`: it is masked where settings are shown, is no flag, and may stand in a file of its own (`…File`). `fileOnly`: only the
 * file can say it.
 */
export const SettingsSchema = Type.Object(
  {
    host: Type.String({ minLength: 1, default: '127.0.0.1', description: 'where the page and /rpc listen' }),
    port: Type.Integer({ ...PortSchema, default: 8642, description: 'of the page and /rpc; 0: any free one' }),
    agentHost: Type.String({ minLength: 1, default: '127.0.0.1', description: 'where polling agents connect' }),
    agentPort: Type.Integer({ ...PortSchema, default: 10_943, description: 'for polling agents; 0: any free one' }),
    nextAgentPort: Type.Integer({
      ...PortSchema,
      default: 10_944,
      description: 'for polling agents, while a certificate takes the place of another one; 0: any free one',
    }),
    destinations: Type.Array(TextSchema, {
      default: [],
      description:
        'where agents may be dialled: networks (10.0.0.0/8), names (*.agents.example), with ports (10.0.0.0/8:10933); default: anywhere; never link-local addresses',
    }),
    stateFolder: Type.String({
      minLength: 1,
      default: '.halibut-gateway',
      description: 'all that is kept, certificate and key among it; made at the first start',
    }),
    identity: Type.String({
      default: '',
      description: 'a PEM or PFX file with the certificate that agents trust; without it the gateway makes one in stateFolder',
    }),
    identityKey: Type.String({ default: '', description: 'the PEM file of its private key, where that is another one' }),
    identityPassword: Type.String({ default: '', secret: true, description: 'the password of the key or the PFX' }),
    tlsCertificate: Type.String({
      default: '',
      description: 'a PEM file with the certificate of the page and those above it; the page and /rpc are HTTPS then',
    }),
    tlsKey: Type.String({ default: '', description: 'the PEM file of its private key; both are read again when they change' }),
    publicUrl: Type.String({
      default: '',
      description: 'the address that browsers use, where a reverse proxy gives another one, with its path',
    }),
    trustedProxies: Type.Array(TextSchema, {
      default: [],
      description: 'addresses of reverse proxies (10.0.0.1, 10.0.0.0/8, loopback) whose X-Forwarded headers are believed',
    }),
    allowedOrigins: Type.Array(TextSchema, {
      default: [],
      description: 'origins of pages that may use the gateway, beside its own',
    }),
    allowedHosts: Type.Array(TextSchema, {
      default: [],
      description: 'Host headers that are answered, beside loopback and publicUrl, and their pages',
    }),
    oidcIssuer: Type.String({
      default: '',
      description: 'an OpenID provider whose users may sign in: its issuer, as it stands in what it signs',
    }),
    oidcClientId: Type.String({ default: '', description: 'who the gateway is there; with it people sign in at the page' }),
    oidcClientSecret: Type.String({ default: '', secret: true, description: 'the secret of the gateway at the provider' }),
    oidcAudience: Type.String({
      default: '',
      description: 'for whom JWTs must be that are presented in the place of a token; without it for oidcClientId',
    }),
    oidcName: Type.String({ default: '', description: 'what the page calls the provider; without it by its host' }),
    oidcScopes: Type.Array(TextSchema, {
      default: ['openid', 'profile', 'email'],
      description: 'what is asked for when somebody signs in at the page',
    }),
    oidcNameClaim: Type.String({
      minLength: 1,
      default: 'sub',
      description: 'the claim that names somebody; one that its owner can change lets them be anybody',
    }),
    oidcRolesClaim: Type.String({
      minLength: 1,
      default: 'roles',
      description: 'the claim with what stands for a role; realm_access.roles: a member of a member',
    }),
    oidcRoles: Type.Array(TextSchema, {
      default: [],
      description: 'which values of that claim are which role (gateway-admins=admin); without it viewer, operator and admin are',
    }),
    oidcSessionMs: Type.Integer({
      minimum: 60_000,
      maximum: 2_592_000_000,
      default: 28_800_000,
      description: 'how long a sign-in at the page lasts, in ms',
    }),
    contracts: Type.Array(TextSchema, { default: [], description: 'contract files (JSON)' }),
    agents: Type.Array(AgentSettingsSchema, {
      default: [],
      fileOnly: true,
      description: 'agents beside the stored ones; only in the file',
    }),
    rules: Type.Object(RulesDocumentSchema.properties, {
      additionalProperties: false,
      default: { rules: [] },
      fileOnly: true,
      description: 'rules before the stored ones: who may reach which agents; only in the file',
    }),
    demo: Type.Boolean({ default: false, description: 'start two demo agents; --no-demo: none' }),
    auditDays: Type.Integer({
      minimum: 1,
      maximum: 36_500,
      default: 365,
      description: 'how long entries of the audit log are kept, in days',
    }),
    auditEntries: Type.Integer({
      minimum: 1_000,
      maximum: 100_000_000,
      default: 1_000_000,
      description: 'how many entries of the audit log are kept; the oldest go',
    }),
    auditHeadMs: Type.Integer({
      minimum: 1_000,
      maximum: 86_400_000,
      default: 3_600_000,
      description: 'how often the signed head of the audit log is sent away, in ms, to auditWebhook and auditSyslog',
    }),
    auditWebhook: Type.String({ default: '', description: 'an https address that gets signed heads as JSON' }),
    auditWebhookToken: Type.String({ default: '', secret: true, description: 'the bearer token that goes along' }),
    auditSyslog: Type.String({
      default: '',
      description: 'a collector of logs that gets signed heads: tls://logs.example:6514, or tcp or udp',
    }),
    auditAuthorities: Type.String({
      default: '',
      description: 'a PEM file with authorities that auditWebhook and auditSyslog may have their certificates from, beside the public ones',
    }),
    backupFolder: Type.String({
      default: '',
      description: 'where backups are written that are asked for; without it backups in stateFolder',
    }),
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

/** One setting, and how it is spelt. */
export interface Setting {
  readonly name: keyof Settings
  readonly schema: TSchema
  readonly isSecret: boolean
  /** `--agent-port`; of a secret, and of what only the file can say, none. */
  readonly flag: string | undefined
  /** `HALIBUT_GATEWAY_AGENT_PORT`; of what only the file can say, none. */
  readonly variable: string | undefined
  /** Of a secret: the same for the path of a file that holds it. */
  readonly pathFlag: string | undefined
  readonly pathVariable: string | undefined
}

/** What our environment variables begin with. */
export const variablePrefix = 'HALIBUT_GATEWAY_'

/** All of them, as the schema has them. */
export const allSettings: readonly Setting[] = Object.entries(SettingsSchema.properties as TProperties).map(([name, schema]) => {
  const isSecret = schema['secret'] === true
  const isText = schema['fileOnly'] !== true
  return {
    name: name as keyof Settings,
    schema,
    isSecret,
    flag: isText && !isSecret ? flagOf(name) : undefined,
    variable: isText ? variableOf(name) : undefined,
    pathFlag: isSecret ? flagOf(`${name}File`) : undefined,
    pathVariable: isSecret ? variableOf(`${name}File`) : undefined,
  }
})

/** `agentPort` as a flag: `--agent-port`. */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
}

/** `agentPort` as an environment variable: `HALIBUT_GATEWAY_AGENT_PORT`. */
export function variableOf(name: string): string {
  return `${variablePrefix}${name.replaceAll(/[A-Z]/g, letter => `_${letter}`).toUpperCase()}`
}
