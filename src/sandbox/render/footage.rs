//! A video file on the canvas: decoded in step with the output, cut or framed to its shape, in its colours.

use std::path::Path;

use super::Canvas;
use super::layer::{contained, crosswise, place};
use super::patience::Patience;
use crate::media::decode::{Decoder, Matrix, TimedFrame};
use crate::media::frame::Frame;
use crate::media::scale::{Backdrop, Crop, Scaler};

/// A clip that is being shown.
pub(super) struct Footage {
    decoder: Decoder,
    patience: Patience,
    /// Decoded, but not yet due.
    next: Option<TimedFrame>,
    /// As last composed for the canvas, once there was something to compose.
    shown: Frame,
    begun: bool,
    fit: Fit,
    colours: Option<Colours>,
}

/// How the clip fills the canvas.
enum Fit {
    Cover(Box<Scaler>),
    /// In the middle, before a blurred copy of itself.
    Framed {
        picture: Box<Scaler>,
        inner: Frame,
        at: (usize, usize),
        backdrop: Box<Backdrop>,
    },
}

impl Footage {
    /// Opens a clip. The error says why it cannot be shown.
    pub(super) fn open(path: &Path, canvas: Canvas) -> Result<Self, String> {
        let patience = Patience::new();
        let mut decoder = Decoder::open(path, &patience.limits()).map_err(|error| error.to_string())?;
        let info = decoder.info().clone();
        let size = (info.width as usize, info.height as usize);
        let display = (info.display.0.max(1) as usize, info.display.1.max(1) as usize);
        let canvas = (canvas.width as usize, canvas.height as usize);
        let fit = if crosswise(display, canvas) {
            let inner = contained(display, canvas);
            Fit::Framed {
                picture: Box::new(Scaler::new(size, Crop::whole(size.0, size.1), inner)),
                inner: Frame::black(inner.0, inner.1),
                at: ((canvas.0 - inner.0) / 2, (canvas.1 - inner.1) / 2),
                backdrop: Box::new(Backdrop::new(size, canvas)),
            }
        } else {
            // The cut is chosen on the picture as displayed and carried over to the pixels as stored.
            let crop = Crop::cover(display, canvas);
            let (sx, sy) = (size.0 as f32 / display.0 as f32, size.1 as f32 / display.1 as f32);
            let crop =
                Crop { x: crop.x * sx, y: crop.y * sy, width: crop.width * sx, height: crop.height * sy };
            Fit::Cover(Box::new(Scaler::new(size, crop, canvas)))
        };
        let next = decoder.next_frame().map_err(|error| error.to_string())?;
        if next.is_none() {
            return Err("it has no pictures".into());
        }
        let colours = Colours::needed(info.matrix, info.full_range);
        Ok(Self {
            decoder,
            patience,
            next,
            shown: Frame::black(canvas.0, canvas.1),
            begun: false,
            fit,
            colours,
        })
    }

    /// Draws the picture of a moment: the last one that began by then. After its end a clip stands still.
    pub(super) fn draw(&mut self, at_ms: f64, frame: &mut Frame) -> Result<(), String> {
        self.patience.renew();
        let mut due = None;
        while let Some(next) =
            self.next.take_if(|next| next.at_ms as f64 <= at_ms + 0.5 || !self.begun && due.is_none())
        {
            // Of several that are due only the last is worth scaling.
            due = Some(next.frame);
            self.next = self.decoder.next_frame().map_err(|error| error.to_string())?;
        }
        if let Some(picture) = due {
            self.compose(&picture);
            self.begun = true;
        }
        frame.clone_from(&self.shown);
        Ok(())
    }

    fn compose(&mut self, picture: &Frame) {
        match &mut self.fit {
            Fit::Cover(scaler) => scaler.scale_into(picture, &mut self.shown),
            Fit::Framed { picture: scaler, inner, at, backdrop } => {
                backdrop.draw_into(picture, &mut self.shown);
                scaler.scale_into(picture, inner);
                place(inner, &mut self.shown, at.0, at.1);
            }
        }
        if let Some(colours) = &self.colours {
            colours.convert(&mut self.shown);
        }
    }
}

/// Brings other colours to BT.709 in limited range. Weights are in 1/4096.
struct Colours {
    luma: [i32; 4],
    u: [i32; 3],
    v: [i32; 3],
}

impl Colours {
    fn needed(matrix: Matrix, full_range: bool) -> Option<Self> {
        if matrix == Matrix::Bt709 && !full_range {
            return None;
        }
        // BT.601 to BT.709: the product of one decoding and the other encoding matrix, for u and v around zero.
        let (yu, yv, uu, uv, vu, vv) = match matrix {
            Matrix::Bt601 => (-0.1155, -0.2079, 1.0186, 0.1146, 0.0750, 1.0253),
            Matrix::Bt709 => (0.0, 0.0, 1.0, 0.0, 0.0, 1.0),
        };
        let (luma, chroma) = if full_range { (219.0 / 255.0, 224.0 / 255.0) } else { (1.0, 1.0) };
        let fixed = |weight: f32| (weight * 4096.0).round() as i32;
        let black = if full_range { 0 } else { 16 };
        Some(Self {
            luma: [fixed(luma), fixed(yu * chroma), fixed(yv * chroma), black],
            u: [fixed(uu * chroma), fixed(uv * chroma), 0],
            v: [fixed(vu * chroma), fixed(vv * chroma), 0],
        })
    }

    fn convert(&self, frame: &mut Frame) {
        let half = (frame.width / 2).max(1);
        let [scale, yu, yv, black] = self.luma;
        let chroma = frame.u.chunks_exact_mut(half).zip(frame.v.chunks_exact_mut(half));
        for (rows, (us, vs)) in frame.y.chunks_exact_mut(half * 4).zip(chroma) {
            for (number, luma) in rows.iter_mut().enumerate() {
                let at = number % (half * 2) / 2;
                let (u, v) = (us.get(at).copied().unwrap_or(128), vs.get(at).copied().unwrap_or(128));
                let value = (i32::from(*luma) - black) * scale
                    + (i32::from(u) - 128) * yu
                    + (i32::from(v) - 128) * yv;
                *luma = (16 + ((value + 2048) >> 12)).clamp(16, 235) as u8;
            }
            for (u, v) in us.iter_mut().zip(vs) {
                let (was_u, was_v) = (i32::from(*u) - 128, i32::from(*v) - 128);
                let turn =
                    |[a, b, _]: [i32; 3]| (128 + ((was_u * a + was_v * b + 2048) >> 12)).clamp(16, 240) as u8;
                let (new_u, new_v) = (turn(self.u), turn(self.v));
                (*u, *v) = (new_u, new_v);
            }
        }
    }
}
