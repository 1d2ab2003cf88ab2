import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { completedIn } from '../support/shell-completion.ts'

test.each(['bash', 'zsh'] as const)(
  'a person who presses the tabulator in %s gets the word that may stand there, or a file',
  { timeout: 150_000 },
  async shell => {
    const folder = await mkdtemp(join(tmpdir(), 'completion-'))
    try {
      await writeFile(join(folder, 'settings.json'), '{}')
      expect(
        await completedIn(shell, folder, [
          'halibut-gateway serv',
          'halibut-gateway agents ge',
          'halibut-gateway serve --drai',
          'halibut-gateway agents get web-1 --tok',
          'halibut-gateway help form',
          'halibut-gateway serve --config sett',
        ]),
      ).toEqual([
        'halibut-gateway serve ',
        'halibut-gateway agents get ',
        'halibut-gateway serve --drain-ms ',
        'halibut-gateway agents get web-1 --token-file ',
        'halibut-gateway help formatting ',
        'halibut-gateway serve --config settings.json ',
      ])
    } finally {
      await rm(folder, { recursive: true })
    }
  },
)
