/**
 * What may be wrong between here and an agent, and the one thing to do. `{…}` is filled in by the step that finds it. The names are for
 * programs: they stay.
 */
export const faults = {
  name_unknown: 'correct the host name {host}, or make its DNS entry',
  name_server_silent: 'see to it that this machine reaches its name server; then ask again for {host}',
  proxy_unreachable: 'start the proxy {proxy}, or correct its address',
  proxy_wants_login: 'give the user and the password that the proxy {proxy} wants',
  proxy_refuses: 'let the proxy {proxy} connect to {host}:{port}: it says {heard}',
  not_a_proxy: 'correct the address of the proxy: what has {proxy} is none',
  not_allowed: 'correct the address {host}:{port}, or add it to the setting destinations',
  refused: 'start the agent on {host}, or correct the port {port}',
  filtered: 'open the port {port} of {host} in the firewalls between here and there, or correct the address',
  unreachable: 'see to it that this machine has a route to {host}',
  tls_silent: 'make the port {port} that of the agent: whatever has it accepts connections and says nothing',
  not_tls: 'make the port {port} that of the agent: what has it does not speak TLS, it says {heard}',
  tls_too_old: 'let {host} offer TLS 1.2 or 1.3: update the agent or its operating system',
  tls_broken_off: 'look at the log of {host}: it ended the connection in the TLS handshake; perhaps something between here and there did',
  tls_failed: 'make the port {port} that of an agent: its TLS handshake fails with {reason}',
  no_certificate: 'make the port {port} that of an agent: what has it presents no certificate',
  own_certificate: 'correct the address: it leads to this gateway itself, not to an agent',
  intercepted:
    'let {host}:{port} through the proxy or firewall that opens its TLS: the certificate is not the agent’s, {issuer} has issued it for {subject}',
  certificate_changed: 'ask at the agent whether {thumbprint} is its certificate; if so pin that, else somebody answers in its place',
  revoked: 'give the agent another certificate and pin that, or take the revocation of {thumbprint} back',
  not_pinned: 'compare {thumbprint} with what the agent itself tells; if it is the same, pin it',
  no_identity: 'make the certificate of the gateway known here with --state-folder or --identity: without it no agent lets anybody in',
  not_trusted: 'let the agent trust the thumbprint of this gateway, {own}',
  not_an_agent: 'make the port {port} that of the agent: what has it speaks TLS and no Halibut, it says {heard}',
  identify_silent: 'start the agent on {host} anew: it accepts connections, and then says nothing',
  unsteady: 'run the doctor again: {host} was reached a moment ago, and is not any more',
  service_missing: 'correct the name of the service, or install what offers it: the agent has no {service}',
  method_missing: 'correct the method or its arguments: {service} of the agent has none that fits',
  call_failed: 'read what the service says, and mend it there: {reason}',
  call_silent: 'look at what the agent does: it took the request, and gave no answer within {timeoutMs} ms',
  call_broken_off: 'look at the log of the agent: it ended the connection on which the request had come',
  disabled: 'enable the agent {agent}',
  port_silent: 'start this gateway anew: its own port for polling agents, {place}, does not answer',
  knock_refused: 'look at who knocks in the name of {agent}; then {advice}',
  port_here_only: 'set agentHost to 0.0.0.0, or to an address of this machine: at {place} none but the agents of this machine reach it',
  never_came: 'let the agent poll https://{place}/ as {subscription}, and trust the thumbprint of this gateway, {own}',
  gone: 'start the agent {agent} on its machine, or see to it that it reaches the port {port} of this one',
} as const satisfies Record<string, string>

/** The name of a fault. */
export type FaultName = keyof typeof faults

/** Found by a step, which thereby fails. */
export class Fault extends Error {
  readonly fault: FaultName
  /** What to do. */
  readonly fix: string

  constructor(fault: FaultName, found: string, words: Readonly<Record<string, string | number>> = {}) {
    super(found)
    this.fault = fault
    this.fix = faults[fault].replaceAll(/\{(\w+)\}/g, (_, name: string) => String(words[name] ?? ''))
  }
}
