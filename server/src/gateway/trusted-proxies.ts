import { HalibutError } from '../base/errors.ts'

const networks = new Set(['loopback', 'linklocal', 'uniquelocal'])

/** Gives the list as it is. Throws `invalid_argument` where an entry is no address, network (`10.0.0.0/8`) or name of one (`loopback`, …). */
export function checkTrustedProxies(list: readonly string[]): readonly string[] {
  for (const entry of list) {
    if (networks.has(entry) || isNetwork(entry)) continue
    throw new HalibutError('invalid_argument', `trustedProxies: ${JSON.stringify(entry)} is not an address such as 10.0.0.1 or 10.0.0.0/8`)
  }
  return list
}

function isNetwork(entry: string): boolean {
  const [, address = '', bits = '1'] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? []
  const isV4 = /^(\d{1,3}\.){3}\d{1,3}$/.test(address)
  return URL.canParse(isV4 ? `http://${address}/` : `http://[${address}]/`) && Number(bits) >= 1 && Number(bits) <= (isV4 ? 32 : 128)
}
