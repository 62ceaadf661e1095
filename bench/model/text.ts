/** A text in both languages of the report. */
export interface Text {
  readonly en: string;
  readonly zh: string;
}
