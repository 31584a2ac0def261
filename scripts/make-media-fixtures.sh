#!/bin/sh
# Makes the small media files under tests/fixtures/media/ with ffmpeg (5.1, libx264, libx265, libaom, libvpx), and the
# golden hashes of what ffmpeg decodes from them. Tests need neither this script nor ffmpeg: the results are committed.
set -eu
cd "$(dirname "$0")/../tests/fixtures/media"
ff() { ffmpeg -nostdin -hide_banner -v error -y "$@"; }
# A moving test picture that compresses well, and a soft tone.
video() { echo "-f lavfi -i testsrc=size=$1:rate=$2:duration=$3"; }
tone="-f lavfi -i sine=frequency=440:sample_rate=44100:duration=1.6"
x264="-c:v libx264 -preset medium -pix_fmt yuv420p -crf 34 -threads 1"
aac="-c:a aac -b:a 24k -ac 1"

ff $(video 160x90 10 1.6) $tone $x264 -bf 3 -g 12 $aac -movflags +faststart h264-high-bframes-aac.mp4
ff $(video 160x90 10 1.6) $tone $x264 -bf 2 -x264-params open-gop=1:keyint=8:b-pyramid=normal:ref=4:weightp=2:slices=3 $aac late-index.mp4
ff $(video 162x90 10 1) $x264 -profile:v baseline -g 5 -movflags +faststart h264-baseline-cropped.mp4
ff $(video 160x90 10 1) $x264 -movflags +faststart turned.tmp.mp4
ff -display_rotation 270 -i turned.tmp.mp4 -c copy -movflags +faststart h264-turned.mp4 2>/dev/null ||
  ff -i turned.tmp.mp4 -c copy -metadata:s:v:0 rotate=90 -movflags +faststart h264-turned.mp4
rm -f turned.tmp.mp4
ff $(video 160x90 10 1.6) $tone $x264 -bf 2 -g 5 $aac -movflags +frag_keyframe+empty_moov+default_base_moof fragmented.mp4
ff $(video 160x90 10 1.6) $tone $x264 -bf 2 $aac -f mov quicktime.mov
ff $(video 160x90 10 1) $x264 -vf setsar=4/3 -movflags +faststart wide-pixels.mp4
ff -ss 0.55 -i h264-high-bframes-aac.mp4 -c copy -movflags +faststart edit-list.mp4
ff $(video 160x90 10 1) -c:v libx264 -pix_fmt yuv420p10le -crf 36 -threads 1 h264-10bit.mp4
ff $(video 160x96 10 1) -c:v libx264 -pix_fmt yuv420p -crf 36 -flags +ildct+ilme -x264-params tff=1 -threads 1 h264-interlaced.mp4
ff $(video 160x90 10 1) -c:v libx265 -tag:v hvc1 -x265-params log-level=none:pools=1 -pix_fmt yuv420p -crf 36 hevc.mp4
ff $(video 160x90 10 0.6) -c:v libaom-av1 -cpu-used 8 -crf 50 -b:v 0 -pix_fmt yuv420p av1.mp4
ff $(video 160x90 10 1) $tone -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -crf 50 -b:v 0 -c:a libopus -b:a 24k -t 1 vp9-opus.webm
ff $(video 160x90 10 1) $tone $x264 $aac -t 1 h264.mkv
# As a browser records it: no length, nothing to seek by.
ff $(video 160x90 10 1.6) -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -crf 50 -b:v 0 -live 1 -f webm - | cat > live.webm
ff $(video 160x90 10 1) $tone -c:v mpeg4 -q:v 20 -c:a libmp3lame -b:a 32k -ac 1 -t 1 mpeg4-mp3.avi
ff $tone $aac -vn sound-only.mp4
ff $tone $aac -f ipod tone.m4a
ff $tone $aac -f adts tone.aac
ff $tone -c:a libmp3lame -q:a 9 -ac 1 tone.mp3
ff $tone -ar 8000 -t 1 -c:a pcm_s16le tone.wav
ff $tone -ar 8000 -t 1 -c:a flac tone.flac
ff $tone -c:a libvorbis -q:a 0 -t 1 tone.ogg
ff $(video 64x48 1 1) -frames:v 1 picture.png
ff $(video 64x48 1 1) -frames:v 1 -q:v 12 -update 1 picture.jpg
ff $(video 64x48 1 1) -frames:v 1 -c:v libwebp -q:v 50 picture.webp
ff $(video 64x48 5 1) animation.gif
# Black and silent all through; and loud clipped sound: for the delivery check.
ff -f lavfi -i color=black:size=160x90:rate=10:duration=1.6 -f lavfi -i anullsrc=r=44100:cl=mono -t 1.6 $x264 $aac -movflags +faststart black-silent.mp4
ff $(video 160x90 10 1.6) -f lavfi -i "aevalsrc='clip(4*sin(2*PI*440*t),-1,1)':s=44100:d=1.6" $x264 -c:a aac -b:a 96k -ac 1 -movflags +faststart clipped.mp4

# One line per decoded picture: presentation time and MD5 of its I420 bytes, as shown (turned, cropped).
for f in h264-high-bframes-aac.mp4 late-index.mp4 h264-baseline-cropped.mp4 h264-turned.mp4 fragmented.mp4 quicktime.mov edit-list.mp4; do
  ff -i "$f" -map 0:v:0 -fps_mode passthrough -pix_fmt yuv420p -f framehash -hash sha256 - | grep -v '^#' |
    awk -F', *' '{print $3, $6}' > "$f.frames"
done
ls -l | awk '$5 > 30000 {print "too big: " $9; bad=1} END {exit bad}'
