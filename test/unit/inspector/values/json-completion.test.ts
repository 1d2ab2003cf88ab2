import {
  anything,
  bool,
  dataStream,
  dictionary,
  enumeration,
  int32,
  int64,
  interfaceOf,
  list,
  method,
  nullable,
  object,
  service,
  string,
} from '@halibut-gateway/schemas/contract'
import { contractJson } from '@halibut-gateway/schemas/wire'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonChoices } from '../../../../server/inspector/src/values/json-completion.ts'

const color = enumeration('S.Color, S', { Red: 0, Green: 1 })
const dog = object('S.Dog, S', { Bark: bool })
const cat = object('S.Cat, S', { Lives: int32 })
const thing = object('S.Thing, S', {
  Name: string,
  Color: color,
  Count: int64,
  Pet: nullable(interfaceOf('S.IPet, S', [dog, cat])),
  Any: anything,
  Colors: dictionary(color, int32),
  Parts: list(object('S.Part, S', { Weight: int32 })),
})
const contract = service('IThings', {
  Put: method(
    [
      ['thing', thing],
      ['content', dataStream],
    ],
    bool,
  ),
})
const json = contractJson(contract)
const [put] = contract.methods
if (!put) throw new Error('no method')

/** What is offered where the text has a `|`. */
function offered(text: string): readonly string[] {
  const at = text.indexOf('|')
  return (jsonChoices(json, put as never, text.replace('|', ''), at)?.choices ?? []).map(({ label }) => label)
}

/** The text once the first that is offered is taken. */
function taken(text: string): string {
  const at = text.indexOf('|')
  const plain = text.replace('|', '')
  const found = jsonChoices(json, put as never, plain, at)
  const [first] = found?.choices ?? []
  return found && first ? plain.slice(0, found.from) + first.insert + plain.slice(found.to) : text
}

test('an empty text gets the arguments, and what is taken is JSON', () => {
  expect(offered('|')).toHaveLength(1)
  expect(JSON.parse(taken('|'))).toHaveLength(2)
})

test('members are offered that are not there yet, also where the text is no JSON', () => {
  expect(offered('[{|')).toEqual(['Name', 'Color', 'Count', 'Pet', 'Any', 'Colors', 'Parts'])
  expect(offered('[{"Name": "a", | , "Color": "Red"')).toEqual(['Count', 'Pet', 'Any', 'Colors', 'Parts'])
  expect(offered('[{"Name": "a", "Co|')).toEqual(['Color', 'Count', 'Colors'])
  expect(taken('[{"Name": "a", "Cou|"}]')).toBe('[{"Name": "a", "Count": "0"}]')
  expect(taken('[{"Nam|": "a"}]')).toBe('[{"Name": "a"}]')
  expect(offered('[{"Parts": [{"Weight": 1}, {|')).toEqual(['Weight'])
})

test('values are offered by their type', () => {
  expect(offered('[{"Color": |')).toEqual(['"Red"', '"Green"'])
  expect(taken('[{"Color": "G|"}]')).toBe('[{"Color": "Green"}]')
  expect(offered('[{}, |')).toEqual(['{"$text":""}', '{"$base64":""}'])
  expect(offered('[{"Count": |')).toEqual(['"0"'])
  expect(offered('[{"Colors": {|')).toEqual(['Red', 'Green'])
})

test('a type that a value states is offered, and its members follow', () => {
  expect(offered('[{"Pet": |')).toEqual([expect.stringContaining('Dog'), expect.stringContaining('Cat'), 'null'])
  expect(offered('[{"Pet": {|')).toEqual(['$type'])
  expect(offered('[{"Pet": {"$type": |')).toEqual(['"Dog"', '"Cat"'])
  expect(offered('[{"Pet": {"$type": "Cat", |')).toEqual(['$value'])
  expect(offered('[{"Pet": {"$type": "Cat", "$value": {|')).toEqual(['Lives'])
  expect(offered('[{"Any": {|')).toContain('$numberLong')
})

test('where nothing is known nothing is offered, and no text does harm', () => {
  for (const text of ['{|', '[{"Other": {|', '[[|', '[{"Name": {|', '[1,2,3,|', '[{"Pet": {"$type": {}, "$value": {|'])
    expect(offered(text)).toEqual([])
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'[]{}",:\\ aN$'), maxLength: 40 }),
      fc.nat(40),
      (text, at) => void jsonChoices(json, put, text, Math.min(at, text.length)),
    ),
  )
})
