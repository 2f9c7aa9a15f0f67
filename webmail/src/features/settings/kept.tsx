import { currentLanguage, switchLanguage, useLanguage } from '@chappe/kit'
import { useEffect, useRef } from 'react'
import * as z from 'zod/mini'
import { CAPABILITIES } from '../../jmap/client'
import { useMail } from '../../jmap/mail'
import { getOf } from '../../jmap/wire'
import { choices, choose, sharedChoices, takeShared, useChoices } from '../mail/choices'
import { setOwn } from './set'

const preferences = z.object({ language: z.nullish(z.string()), undoSend: z.nullish(z.number()), client: z.looseObject({ webmail: z.optional(z.unknown()) }) })
const LATER_MS = 1500

/** Keeps on the server what this person has chosen, and takes over what was chosen on another device. Draws nothing. */
export function KeptChoices() {
  const { jmap } = useMail()
  const language = useLanguage()
  const mine = JSON.stringify(sharedChoices(useChoices()))
  const known = useRef<{ choices: string; language: string } | null>(null)
  const has = CAPABILITIES.owner in jmap.session.capabilities

  useEffect(() => {
    if (!has) return
    const control = new AbortController()
    const load = async () => {
      const { list } = await jmap.call('Preferences/get', { accountId: jmap.ownAccount, ids: null }, getOf(preferences), control.signal)
      const kept = list[0]
      if (kept?.client.webmail !== undefined) takeShared(kept.client.webmail)
      choose({ undoSend: kept?.undoSend ?? null })
      if ((kept?.language === 'fr' || kept?.language === 'en') && kept.language !== currentLanguage()) switchLanguage(kept.language)
      // What was never chosen is not kept: the next device begins as it likes.
      known.current = { choices: JSON.stringify(sharedChoices(choices())), language: currentLanguage() }
    }
    // What one likes is no reason to disturb somebody who reads: without an answer all stays as it is on this device.
    const timer = setTimeout(() => void load().catch(() => undefined), 200)
    return () => {
      clearTimeout(timer)
      control.abort()
    }
  }, [jmap, has])

  useEffect(() => {
    const before = known.current
    if (!has || !before) return
    const isChosen = before.choices !== mine
    const isSaid = before.language !== language
    if (!isChosen && !isSaid) return
    const timer = setTimeout(() => {
      const patch = { ...(isChosen && { 'client/webmail': JSON.parse(mine) as unknown }), ...(isSaid && { language }) }
      void setOwn(jmap, 'Preferences', { update: { singleton: patch } })
        .then(() => (known.current = { choices: mine, language }))
        .catch(() => undefined)
    }, LATER_MS)
    return () => clearTimeout(timer)
  }, [jmap, has, mine, language])
  return null
}
