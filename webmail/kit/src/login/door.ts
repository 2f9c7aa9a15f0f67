import * as z from 'zod/mini'
import type { Http } from '../http/http'
import { asked, type FactorAsked } from './factor'

const providers = z.object({ providers: z.array(z.object({ id: z.number(), name: z.string() })) })
export type Provider = z.infer<typeof providers>['providers'][number]

/** The documented way in: a session that a cookie carries. `S`: what the front end wants to know of it, read by `read`. */
export class Door<S> {
  constructor(
    private readonly api: Http,
    private readonly read: (answer: unknown) => S,
  ) {}
  /** 401 with Problem.secondFactor: showFactor() ends the login. */
  logIn = async (login: string, password: string): Promise<S> => this.read(await this.api.post('/session', { login, password }))
  /** A second factor, at the end of a login or once more before something dangerous. */
  showFactor = async (proof: Record<string, string>): Promise<S> => this.read(await this.api.post('/session/second-factor', proof))
  freshChallenge = async (): Promise<FactorAsked> => asked.parse(await this.api.post('/session/challenge'))
  /** Identity providers that vouch for people of this address's domain. */
  providers = async (login: string, signal?: AbortSignal): Promise<Provider[]> => providers.parse(await this.api.get('/session/providers', { login }, signal)).providers
  /** Where the browser goes to log in there; it comes back to `page`. */
  wayTo = (provider: number, page: string, login: string): string => `/api/v1/session/begin?${new URLSearchParams({ provider: String(provider), return: page, login })}`
  logOut = async (): Promise<void> => void (await this.api.delete('/session'))
}
