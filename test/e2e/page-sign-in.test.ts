import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageWorld, launchBrowser, type PageWorld } from '../support/page-world.ts'

let browser: Browser
let world: PageWorld
beforeAll(async () => {
  browser = await launchBrowser()
  world = await createPageWorld({ agents: [{ id: 'gone-1', uri: 'poll://gone-1/', thumbprint: 'A'.repeat(40) }] })
}, 120_000)
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await browser.close()
})

const stored = () => [Object.keys(localStorage), Object.values(sessionStorage).filter(value => value.includes('hgw_')).length] as const

test('a token is pasted into the address of the same tab, is taken from it, and stays in this tab alone', { timeout: 60_000 }, async () => {
  const [url = ''] = world.address.split('#')
  const page = await (await browser.newContext()).newPage()
  await page.goto(url)
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  // As somebody does who pastes the whole address: nothing but what stands behind # changes.
  await page.evaluate(address => {
    location.href = address
  }, world.address)
  await page.locator('[data-agent=gone-1]').waitFor()
  expect(page.url()).not.toContain('token')
  expect(await page.evaluate(stored)).toEqual([[], 1])
  await page.reload()
  await page.locator('[data-agent=gone-1]').waitFor()
  await page.getByRole('button', { name: 'You and this page' }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  expect(await page.evaluate(stored)).toEqual([[], 0])
  await page.context().close()
})

test('a wrong token is told as one, with the ways to a right one, which the form takes', { timeout: 60_000 }, async () => {
  const [url = ''] = world.address.split('#')
  const page = await (await browser.newContext()).newPage()
  await page.goto(`${url}#token=hgw_wrong`)
  await page.getByText('The gateway did not take this token').waitFor()
  await page.getByText('How to get one').waitFor()
  expect(page.url()).not.toContain('token')
  expect(await page.evaluate(stored)).toEqual([[], 0])
  const field = page.getByLabel('Token')
  expect(await field.getAttribute('type')).toBe('password')
  await field.fill('hgw_wrong_too')
  await field.press('Enter')
  await page.getByText('The gateway did not take this token').waitFor()
  await field.fill(world.token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.locator('[data-agent=gone-1]').waitFor()
  await page.context().close()
})
