import { HalibutError } from '../base/errors.ts'
import { loadSettings } from '../settings/load.ts'
import type { Settings } from '../settings/schema.ts'
import { CliError } from './failure.ts'
import type { CliIo } from './io.ts'

/** The settings of a verb. All that is wrong with them ends it, with an exit of its own. */
export function acceptedSettings(flags: readonly string[], { environment }: CliIo, defaults: Partial<Settings> = {}): Settings {
  try {
    return loadSettings({ flags, environment, defaults })
  } catch (error) {
    if (!(error instanceof HalibutError)) throw error
    throw new CliError('settings', error.message, error.advice)
  }
}
