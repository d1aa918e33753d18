import { PanelBuilder, TextMode } from '@grafana/grafana-foundation-sdk/text';

export interface TextSpec {
  title: string;
  description: string;
  /** Markdown. */
  content: string;
  width: number;
  height: number;
}

/** Words. */
export const text = ({ title, description, content, width, height }: TextSpec): PanelBuilder =>
  new PanelBuilder()
    .title(title)
    .description(description)
    .mode(TextMode.Markdown)
    .content(content)
    .span(width)
    .height(height);
